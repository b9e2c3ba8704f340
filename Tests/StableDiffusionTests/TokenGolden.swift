import Foundation
import StableDiffusion
import TestSupport

/// Strings and their tokens from transformers' CLIPTokenizer, in Tests/Golden/tokens.
enum TokenGolden {
  /// A layout of the tokenizer folder, written by Tests/Golden/golden/tokens.py.
  struct Layout {
    let directory: TemporaryDirectory

    /// CLIP's vocabulary and merges with the configuration files of `name`, if it has any.
    init(_ name: String) throws {
      directory = try TemporaryDirectory()
      let files = FileManager.default
      let folders = [
        Repository.root.appending(path: "Sources/CLIPVocabulary/Vocabulary"),
        TokenGolden.folder.appending(path: "layouts/\(name)"),
      ]
      for folder in folders where files.fileExists(atPath: folder.path) {
        for file in try files.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
          try files.copyItem(at: file, to: directory.url.appending(path: file.lastPathComponent))
        }
      }
    }

    func tokenizer() throws -> CLIPTokenizer { try CLIPTokenizer(directory: directory.url) }
  }

  /// The ids in which a layout differs from another.
  private struct Difference: Decodable {
    let base: String
    let ids: [String: [Int]]
  }

  /// An encoding of transformers, with the text that diffusers reports as cut off.
  struct Encoding: Decodable, Equatable {
    let ids: [Int]
    let tokenCount: Int
    let truncatedText: String?
  }

  /// The number of a text's tokens, and their `digest`.
  struct Digest: Decodable, Equatable {
    let count: Int
    let digest: String
  }

  static let folder = Repository.golden.appending(path: "tokens")

  static func strings() throws -> [String] { try decode("strings.json") }

  /// Encodings by the index of their string.
  static func encodings(_ layout: String) throws -> [String: Encoding] {
    try decode("\(layout).encodings.json")
  }

  /// Digests of the long texts that `tokens.py` makes from the strings, by name.
  static func longTexts() throws -> [String: Digest] { try decode("long.json") }

  /// 64-bit FNV-1a, one step for each id.
  static func digest(of ids: [Int]) -> Digest {
    let hash = ids.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { hash, id in
      (hash ^ UInt64(id)) &* 0x100_0000_01b3
    }
    let digits = String(hash, radix: 16)
    return Digest(
      count: ids.count, digest: String(repeating: "0", count: 16 - digits.count) + digits)
  }

  /// BOS, tokens and EOS of every string; `changed` are the strings in which the layout differs
  /// from the one that it is compared with.
  static func ids(layout: String) throws -> (ids: [[Int]], changed: [Int]) {
    let differences: [String: Difference] = try decode("differences.json")
    guard let difference = differences[layout] else {
      return (try packedIDs("clip.ids"), [])
    }
    var ids = try ids(layout: difference.base).ids
    let changed = difference.ids.keys.compactMap { Int($0) }
    for index in changed { ids[index] = difference.ids[String(index)] ?? [] }
    return (ids, changed)
  }

  /// Lists of 16-bit numbers, little-endian, each after its length.
  static func packedIDs(_ file: String) throws -> [[Int]] {
    let bytes = [UInt8](try Data(contentsOf: folder.appending(path: file)))
    let words = stride(from: 0, to: bytes.count, by: 2).map {
      Int(bytes[$0]) | Int(bytes[$0 + 1]) << 8
    }
    var lists: [[Int]] = []
    var rest = words[...]
    while let count = rest.popFirst() {
      lists.append(Array(rest.prefix(count)))
      rest = rest.dropFirst(count)
    }
    return lists
  }

  private static func decode<Value: Decodable>(_ file: String) throws -> Value {
    try JSONDecoder().decode(Value.self, from: Data(contentsOf: folder.appending(path: file)))
  }
}
