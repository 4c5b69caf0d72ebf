internal import CLinux

/// Has one heap for all threads, as all but one have next to nothing to do, and has it keep a little of what is freed: what a
/// poll needs is given back and asked for again a thousand times a second otherwise.
func keepMemoryTogether() {
    _ = mallopt(M_ARENA_MAX, 1)
    _ = mallopt(M_TRIM_THRESHOLD, 1 << 20)
    _ = mallopt(M_TOP_PAD, 1 << 18)
}
