import Foundation

/// A pattern that matches the paths of layers.
///
/// It is one part of a path or several that follow each other: `to_q`, `attn2.to_k` and `down_blocks.1` match
/// every path that contains these parts. `*` stands for any characters of a part, as in `to_*`.
public struct LayerPattern: Sendable, Hashable {
  /// The pattern as it was written.
  public let text: String
  private let parts: [String]

  /// A pattern. An empty one matches nothing.
  public init(_ text: String) {
    self.text = text
    parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
  }

  /// Whether a path contains the parts of the pattern.
  public func matches(_ path: String) -> Bool {
    let own = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard own.count >= parts.count else { return false }
    return (0...own.count - parts.count).contains { start in
      zip(parts, own[start...]).allSatisfy { fnmatch($0, $1, 0) == 0 }
    }
  }
}

/// The layers of a model that get an adapter.
public struct LayerSelection: Sendable, Equatable {
  private let included: [LayerPattern]
  private let excluded: [LayerPattern]

  /// Layers that match one of `included` and none of `excluded`.
  public init(_ included: [String], except excluded: [String] = []) {
    self.included = included.map(LayerPattern.init)
    self.excluded = excluded.map(LayerPattern.init)
  }

  /// The selected ones of some paths, in their order. Throws `AdapterError.noSuchTarget` for a pattern that
  /// matches none of them, `AdapterError.noLayers` if none is left.
  public func select(from paths: [String]) throws(AdapterError) -> [String] {
    for pattern in included + excluded where !paths.contains(where: pattern.matches) {
      throw .noSuchTarget(pattern.text)
    }
    let selected = paths.filter { path in
      included.contains { $0.matches(path) } && !excluded.contains { $0.matches(path) }
    }
    guard !selected.isEmpty else { throw .noLayers(excluded: excluded.map(\.text)) }
    return selected
  }
}

/// Values for layers by patterns, such as ranks.
public struct LayerValues<Value: Sendable & Equatable>: Sendable, Equatable {
  private let values: [(pattern: LayerPattern, value: Value)]

  /// Values by patterns.
  public init(_ values: [String: Value]) {
    self.values = values.map { (LayerPattern($0.key), $0.value) }.sorted { a, b in
      (a.pattern.text.count, a.pattern.text) > (b.pattern.text.count, b.pattern.text)
    }
  }

  /// The value of the longest pattern that matches a path; nil if none does.
  public subscript(path: String) -> Value? { match(path)?.value }

  /// The longest pattern that matches a path, with its value; nil if none does.
  public func match(_ path: String) -> (pattern: String, value: Value)? {
    values.first { $0.pattern.matches(path) }.map { ($0.pattern.text, $0.value) }
  }

  /// Throws `AdapterError.noSuchTarget` for a pattern that matches none of some paths.
  public func check(against paths: [String]) throws(AdapterError) {
    for (pattern, _) in values where !paths.contains(where: pattern.matches) {
      throw .noSuchTarget(pattern.text)
    }
  }

  /// Whether both have the same values for the same patterns.
  public static func == (a: LayerValues, b: LayerValues) -> Bool {
    a.values.elementsEqual(b.values) { $0.pattern == $1.pattern && $0.value == $1.value }
  }
}
