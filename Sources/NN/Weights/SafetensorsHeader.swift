import Foundation
import Torch

/// The header of a safetensors file: its tensors and their places
/// (github.com/huggingface/safetensors, "Format").
struct SafetensorsHeader {
  /// One tensor's place in the file.
  struct Entry {
    let dtype: DType
    let shape: [Int]
    /// Offsets from the end of the header.
    let range: Range<Int>
  }

  /// The longest header that the reference implementation accepts, in bytes.
  static let limit = 100_000_000

  let entries: [String: Entry]
  let metadata: [String: String]

  /// Reads the JSON text of a header before `dataSize` bytes of tensors. Throws the problem as
  /// `SafetensorsProblem`.
  init(json: Data, dataSize: Int) throws {
    let fields: [String: Field]
    do {
      fields = try JSONDecoder().decode([String: Field].self, from: json)
    } catch {
      throw SafetensorsProblem("its header is not the JSON of the format")
    }
    var entries: [String: Entry] = [:]
    var metadata: [String: String] = [:]
    for (name, field) in fields {
      switch field {
      case .metadata(let values): metadata = values
      case .tensor(let description): entries[name] = try description.entry(name, dataSize)
      }
    }
    self.entries = entries
    self.metadata = metadata
    try checkRanges(dataSize)
  }

  /// The tensors must cover the data without gaps or overlaps.
  private func checkRanges(_ dataSize: Int) throws {
    var end = 0
    for (name, entry) in entries.sorted(by: {
      $0.value.range.lowerBound < $1.value.range.lowerBound
    })
    where !entry.range.isEmpty {
      if entry.range.lowerBound < end {
        throw SafetensorsProblem("the bytes of \(name) overlap those of another tensor")
      }
      if entry.range.lowerBound > end {
        throw SafetensorsProblem("the bytes before \(name) belong to no tensor")
      }
      end = entry.range.upperBound
    }
    if end != dataSize {
      throw SafetensorsProblem("its tensors take \(end) bytes, but \(dataSize) follow the header")
    }
  }

  private enum Field: Decodable {
    case metadata([String: String])
    case tensor(Description)

    init(from decoder: any Decoder) throws {
      if decoder.codingPath.last?.stringValue == "__metadata__" {
        self = .metadata(try [String: String](from: decoder))
      } else {
        self = .tensor(try Description(from: decoder))
      }
    }
  }

  private struct Description: Decodable {
    let dtype: String
    let shape: [Int]
    let data_offsets: [Int]

    func entry(_ name: String, _ dataSize: Int) throws -> Entry {
      guard let type = DType(safetensorsName: dtype) else {
        throw SafetensorsProblem("\(name) has the element type \(dtype)", isOtherType: true)
      }
      guard data_offsets.count == 2, 0 <= data_offsets[0], data_offsets[0] <= data_offsets[1] else {
        throw SafetensorsProblem("the offsets of \(name) are \(data_offsets)")
      }
      guard data_offsets[1] <= dataSize else {
        throw SafetensorsProblem(
          "\(name) ends at byte \(data_offsets[1]) of its data, which has \(dataSize)")
      }
      var size = type.itemSize
      for length in shape {
        let (product, overflow) = size.multipliedReportingOverflow(by: length)
        guard length >= 0, !overflow else {
          throw SafetensorsProblem("\(name) has the impossible shape \(shape)")
        }
        size = product
      }
      guard size == data_offsets[1] - data_offsets[0] else {
        throw SafetensorsProblem(
          "\(name) of shape \(shape) needs \(size) bytes, but its offsets are \(data_offsets)")
      }
      return Entry(dtype: type, shape: shape, range: data_offsets[0]..<data_offsets[1])
    }
  }
}

/// A problem of a safetensors file, without the file's name.
struct SafetensorsProblem: Error {
  let text: String
  /// Whether the file may be sound, and has a type that is not read, such as `F8_E4M3`.
  let isOtherType: Bool

  init(_ text: String, isOtherType: Bool = false) {
    self.text = text
    self.isOtherType = isOtherType
  }
}

extension DType {
  private static let safetensorsNames: [DType: String] = [
    .float64: "F64", .float32: "F32", .float16: "F16", .bfloat16: "BF16", .int64: "I64",
    .int32: "I32", .int16: "I16", .int8: "I8", .uint8: "U8", .bool: "BOOL",
  ]

  /// The format's name of this type.
  var safetensorsName: String { Self.safetensorsNames[self, default: rawValue] }

  init?(safetensorsName name: String) {
    guard let match = Self.safetensorsNames.first(where: { $0.value == name }) else { return nil }
    self = match.key
  }
}
