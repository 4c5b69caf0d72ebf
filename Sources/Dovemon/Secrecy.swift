internal import CLinux

/// Keeps the passwords in memory from leaving it: no core dump, and no debugger or `/proc` for other processes of the same
/// user, beupdatescript's among them. Those of root can do all this still; a program that is started begins anew.
func forbidDumps() {
    // It cannot fail with this value (prctl(2)).
    _ = shim_prctl_set_dumpable(0)
}
