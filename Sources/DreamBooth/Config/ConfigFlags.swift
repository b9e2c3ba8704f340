import Yams

/// The options that were given on the command line, before they are merged with the files.
public struct ConfigFlags: Sendable {
  private(set) var values: [String: ConfigFlag] = [:]

  /// No flags.
  public init() {}

  /// Sets an option, unless the flag was not given.
  public mutating func set(
    _ key: TrainingConfig.Key, to value: (some CustomStringConvertible & Sendable)?
  ) {
    if let value { values[key.rawValue] = .single(value.description) }
  }

  /// Sets a list, unless the flag was not given at all.
  public mutating func set(
    _ key: TrainingConfig.Key, toList list: [some CustomStringConvertible & Sendable]
  ) {
    if !list.isEmpty { values[key.rawValue] = .list(list.map(\.description)) }
  }

  /// The subject, which also decides which config file is read.
  var subject: String? {
    guard case .single(let subject) = values[TrainingConfig.Key.subject.rawValue] else {
      return nil
    }
    return subject
  }
}

/// A flag's text.
enum ConfigFlag: Sendable {
  case single(String)
  case list([String])

  /// The flag as if it stood in a file.
  var node: Node {
    switch self {
    case .single(let text): Node(text).withoutSexagesimals
    case .list(let texts): Node(texts.map { Node($0).withoutSexagesimals })
    }
  }
}
