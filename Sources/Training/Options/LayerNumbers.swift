package import NN
package import Options

/// Numbers by patterns of layers, as an option: `{down_blocks.1: 8}` in a file, `down_blocks.1=8` as a flag.
package struct LayerNumbers<Number>: OptionValue, CustomStringConvertible
where Number: OptionValue & LosslessStringConvertible {
  /// The numbers by the patterns.
  package let numbers: [String: Number]

  /// Numbers by patterns.
  package init(_ numbers: [String: Number]) { self.numbers = numbers }

  /// The numbers for layers.
  package var values: LayerValues<Number> { LayerValues(numbers) }

  /// Reads a group of patterns with numbers, or a list of texts.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let numbers = try? container.decode([String: Number].self) {
      self.init(numbers)
      return
    }
    let pairs = (try? container.decode([String].self))?.map(Self.pair)
    guard let pairs, !pairs.contains(where: { $0 == nil }) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: Self.form)
    }
    self.init(Dictionary(pairs.compactMap(\.self)) { $1 })
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(numbers)
  }

  private static var form: String { "a group such as {down_blocks.1: 2, mid_block: 4}" }

  /// The pattern and the number of `down_blocks.1=8`.
  private static func pair(_ text: String) -> (String, Number)? {
    let parts = text.split(separator: "=", omittingEmptySubsequences: false)
    guard parts.count == 2, let number = Number(String(parts[1])) else { return nil }
    return (String(parts[0]), number)
  }

  private var sorted: [(key: String, value: Number)] { numbers.sorted { $0.key < $1.key } }

  package static var kind: OptionKind { .list(.text) }
  package var description: String {
    "[\(sorted.map { "\($0.key)=\($0.value.text)" }.joined(separator: ", "))]"
  }
  package var yaml: String {
    "{\(sorted.map { "\($0.key.yaml): \($0.value.yaml)" }.joined(separator: ", "))}"
  }
}
