import NN
import Torch

extension KeyedDecodingContainer {
  /// Overwrites `value` if the file has `key`. Null is accepted only for an optional.
  func read<Value: Decodable>(_ key: Key, into value: inout Value) throws {
    if contains(key) { value = try decode(Value.self, forKey: key) }
  }

  /// Overwrites `size` if the file has `key`, with a number in `range`.
  func readSize(_ key: Key, into size: inout Int, in range: ClosedRange<Int> = .sizes) throws {
    try read(key, into: &size)
    try check(key, range.contains(size), found: size, range.words)
  }

  /// Overwrites `size` if the file has `key`, with null or a number in `range`.
  func readSize(_ key: Key, into size: inout Int?, in range: ClosedRange<Int> = .sizes) throws {
    try read(key, into: &size)
    guard let size else { return }
    try check(key, range.contains(size), found: size, range.words)
  }

  /// Reads the channels of a model's levels: one number for each.
  func readLevels(_ key: Key, into channels: inout [Int]) throws {
    try read(key, into: &channels)
    try check(
      key,
      ClosedRange.levels.contains(channels.count)
        && channels.allSatisfy(ClosedRange.sizes.contains),
      found: channels,
      "1 to \(ClosedRange.levels.upperBound) levels, each \(ClosedRange.sizes.words)")
  }

  /// Reads numbers in `range`: one for all blocks, or a list with one for each block.
  func readSizes(
    _ key: Key, into sizes: inout [Int], blocks: Int, in range: ClosedRange<Int> = .sizes
  ) throws {
    if contains(key) {
      sizes = try decode(OneOrMany.self, forKey: key).values(count: blocks)
    } else {
      sizes = sizes.prefix(1).flatMap { Array(repeating: $0, count: blocks) }
    }
    try check(
      key, sizes.count == blocks && sizes.allSatisfy(range.contains), found: sizes,
      "\(range.words), once or for each of the \(blocks) blocks")
  }

  /// Reads one implemented choice for each of `blocks` blocks.
  func readChoices<Choice: RawRepresentable<String> & CaseIterable>(
    _ key: Key, into choices: inout [Choice], blocks: Int
  ) throws {
    if contains(key) {
      choices = try decode([String].self, forKey: key).map { try choice($0, of: key) }
    }
    try check(
      key, choices.count == blocks, found: "a list of \(choices.count)",
      "a list of \(blocks), one for each of block_out_channels")
  }

  /// Reads one implemented choice; null is nil.
  func readChoice<Choice: RawRepresentable<String> & CaseIterable>(
    _ key: Key, into choice: inout Choice?
  ) throws {
    guard contains(key) else { return }
    choice = try decode(String?.self, forKey: key).map { try self.choice($0, of: key) }
  }

  private func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String, of key: Key
  ) throws -> Choice {
    guard let choice = Choice(rawValue: name) else {
      let known = Choice.allCases.map(\.rawValue)
      throw unsupported(key, found: name, supported: Self.oneOf(known))
    }
    return choice
  }

  /// Throws if the file has `key` with a value that is not implemented.
  func require<Value: Decodable & Equatable>(_ key: Key, _ implemented: Value...) throws {
    guard contains(key) else { return }
    let value = try decode(Value.self, forKey: key)
    let supported = implemented.map { "\($0)" }
    try check(key, implemented.contains(value), found: value, Self.oneOf(supported))
  }

  /// Throws if the file has `key` with a value other than null, because it is not implemented.
  func requireNull(_ key: Key) throws {
    guard contains(key), try !decodeNil(forKey: key) else { return }
    throw unsupported(key, found: "given", supported: "null")
  }

  /// Throws an error with the value of `key` and what is supported, unless `condition` holds.
  func check(_ key: Key, _ condition: Bool, found: some Any, _ supported: String) throws {
    guard !condition else { return }
    throw unsupported(key, found: "\(found)", supported: supported)
  }
}

/// The numbers that are accepted from a file. The limits are far above those of any model, and low
/// enough to add, multiply and build a model without overflow.
extension ClosedRange<Int> {
  /// Widths, sides and vocabularies.
  static var sizes: Self { 1...1_000_000 }
  /// Equal layers in sequence.
  static var layers: Self { 1...100 }
  /// Levels, each of half the side of the one before.
  static var levels: Self { 1...10 }
  /// Timesteps that a model was trained on.
  static var timesteps: Self { 2...100_000 }

  /// The range in an error's message.
  fileprivate var words: String { "a number from \(lowerBound) to \(upperBound)" }
}

/// A number that diffusers writes once for all blocks, or as a list with one for each block.
private enum OneOrMany: Decodable {
  case one(Int)
  case many([Int])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    do {
      self = .one(try container.decode(Int.self))
    } catch DecodingError.typeMismatch {
      self = .many(try container.decode([Int].self))
    }
  }

  func values(count: Int) -> [Int] {
    switch self {
    case .one(let value): Array(repeating: value, count: count)
    case .many(let values): values
    }
  }
}
