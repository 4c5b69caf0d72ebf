import CLibYAML

/// What comes next in a YAML text.
struct YAMLEvent {
    enum Kind {
        case streamStart, streamEnd, documentStart, documentEnd
        case scalar(String, isPlain: Bool)
        case mappingStart, mappingEnd, sequenceStart, sequenceEnd
        case alias
    }

    let kind: Kind
    let position: Position
    var hasAnchor = false
    var hasTag = false
}

/// libyaml's parser on one text, as a sequence of events that ends with `streamEnd` or an error.
struct YAMLEvents: ~Copyable {
    // libyaml keeps pointers into both.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>
    private let isReady: Bool

    init(_ bytes: ArraySlice<UInt8>) {
        parser = .allocate(capacity: 1)
        parser.initialize(to: yaml_parser_t())
        input = .allocate(capacity: bytes.count)
        _ = input.initialize(from: bytes)
        isReady = yaml_parser_initialize(parser) == 1
        if isReady { yaml_parser_set_input_string(parser, input.baseAddress, input.count) }
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        input.deallocate()
    }

    /// The next event; after `streamEnd` or an error there is none.
    func next() throws(YAMLSyntaxError) -> YAMLEvent {
        var event = yaml_event_t()
        guard isReady, yaml_parser_parse(parser, &event) == 1 else { throw YAMLSyntaxError(parser.pointee) }
        defer { yaml_event_delete(&event) }
        let position = Position(event.start_mark)
        switch event.type {
        case YAML_STREAM_START_EVENT: return YAMLEvent(kind: .streamStart, position: position)
        case YAML_DOCUMENT_START_EVENT: return YAMLEvent(kind: .documentStart, position: position)
        case YAML_DOCUMENT_END_EVENT: return YAMLEvent(kind: .documentEnd, position: position)
        case YAML_MAPPING_END_EVENT: return YAMLEvent(kind: .mappingEnd, position: position)
        case YAML_SEQUENCE_END_EVENT: return YAMLEvent(kind: .sequenceEnd, position: position)
        case YAML_ALIAS_EVENT: return YAMLEvent(kind: .alias, position: position)
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            return YAMLEvent(
                kind: .scalar(text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE), position: position,
                hasAnchor: scalar.anchor != nil, hasTag: scalar.tag != nil)
        case YAML_MAPPING_START_EVENT:
            let mapping = event.data.mapping_start
            return YAMLEvent(
                kind: .mappingStart, position: position,
                hasAnchor: mapping.anchor != nil, hasTag: mapping.tag != nil)
        case YAML_SEQUENCE_START_EVENT:
            let sequence = event.data.sequence_start
            return YAMLEvent(
                kind: .sequenceStart, position: position,
                hasAnchor: sequence.anchor != nil, hasTag: sequence.tag != nil)
        default: return YAMLEvent(kind: .streamEnd, position: position)
        }
    }
}

extension Position {
    init(_ mark: yaml_mark_t) { self.init(line: Int(mark.line) + 1, column: Int(mark.column) + 1) }
}
