/// Reads a YAML text of one document into a tree, strictly and within bounds: no anchors, aliases or tags, `maximumDepth`
/// levels, `maximumNodes` values.
struct YAMLReader: ~Copyable {
    static let maximumDepth = 8
    /// 80,000 accounts have less.
    static let maximumNodes = 500_000

    private let events: YAMLEvents
    private var findings: Findings
    private var nodes = 0
    /// What ended the reading before the text did.
    private var stop: YAMLSyntaxError?

    /// The text's value, nil when there is none. What is wrong goes to `findings`, with what could be read before it in
    /// the tree.
    static func read(_ bytes: [UInt8], _ findings: inout Findings) -> YAMLNode? {
        let source = SourceText(bytes)
        let text = source.mistake.map { bytes[..<$0.lineStart] } ?? bytes[...]
        var reader = YAMLReader(text, Findings(file: findings.file))
        var root = reader.document()
        var error = source.mistake?.error
        // In a text that was cut at a bad byte the cut itself may be what the parser stumbled over.
        if let stop = reader.stop, source.mistake == nil { error = stop.blamingTab(in: bytes) }
        guard let error else {
            findings = reader.findings
            return root
        }
        // The parser reads ahead: it can stumble before it has told of the lines that came before.
        if source.mistake == nil, let line = error.position?.line {
            reader = YAMLReader(source.before(line: line), Findings(file: findings.file))
            root = reader.document()
        }
        findings = reader.findings
        findings.error(at: error.position, error.wrong, accepted: error.accepted)
        root?.cutOff()
        // A text alone was the beginning of something else, a key most likely.
        return root?.text == nil ? root : nil
    }

    private init(_ text: ArraySlice<UInt8>, _ findings: Findings) {
        events = YAMLEvents(text)
        self.findings = findings
    }

    private mutating func document() -> YAMLNode? {
        var root: YAMLNode?
        var documents = 0
        while let event = next() {
            switch event.kind {
            case .streamStart, .documentEnd: continue
            case .streamEnd: return root
            case .documentStart:
                documents += 1
                guard documents == 1 else {
                    stop = YAMLSyntaxError(
                        at: event.position, "a second document begins here",
                        accepted: "one document, with `---` only before it")
                    return root
                }
            default: root = node(event, depth: 1)
            }
        }
        return root
    }

    private mutating func next() -> YAMLEvent? {
        guard stop == nil else { return nil }
        do throws(YAMLSyntaxError) {
            return try events.next()
        } catch {
            stop = error
            return nil
        }
    }

    private mutating func node(_ event: YAMLEvent, depth: Int) -> YAMLNode {
        var node = YAMLNode(position: event.position, content: .refused)
        guard isWithinBounds(event, depth: depth) else { return node }
        if event.hasAnchor {
            findings.error(
                at: event.position, "an anchor (&)", accepted: "the value itself, in quotes where it begins with &")
        }
        if event.hasTag {
            findings.error(
                at: event.position, "a tag (!)", accepted: "the value alone, in quotes where it begins with !")
        }
        switch event.kind {
        case .scalar(let text, let isPlain):
            if !event.hasTag { node.content = .scalar(text, isPlain: isPlain) }
        case .mappingStart: entries(into: &node, depth: depth)
        case .sequenceStart: items(into: &node, depth: depth)
        default:
            findings.error(
                at: event.position, "an alias (*)", accepted: "the value itself, in quotes where it begins with *")
        }
        return node
    }

    private mutating func entries(into node: inout YAMLNode, depth: Int) {
        var entries: [YAMLEntry] = []
        node.isComplete = false
        while let event = next() {
            if case .mappingEnd = event.kind {
                node.isComplete = true
                break
            }
            let key = self.node(event, depth: depth + 1)
            guard let event = next() else { break }
            entries.append(YAMLEntry(key: key, value: self.node(event, depth: depth + 1)))
        }
        node.content = .mapping(entries)
    }

    private mutating func items(into node: inout YAMLNode, depth: Int) {
        var items: [YAMLNode] = []
        node.isComplete = false
        while let event = next() {
            if case .sequenceEnd = event.kind {
                node.isComplete = true
                break
            }
            items.append(self.node(event, depth: depth + 1))
        }
        node.content = .sequence(items)
    }

    private mutating func isWithinBounds(_ event: YAMLEvent, depth: Int) -> Bool {
        nodes += 1
        if nodes > Self.maximumNodes {
            stop = YAMLSyntaxError(
                at: event.position, "too many values", accepted: "\(Self.maximumNodes) values in a file")
        } else if depth > Self.maximumDepth {
            stop = YAMLSyntaxError(
                at: event.position, "nested too deeply", accepted: "\(Self.maximumDepth) levels at most")
        }
        return stop == nil
    }
}
