import Foundation
import NN

extension TokenizerFolder {
  /// Vocabulary and merges, from either layout.
  struct Model {
    /// The path of the merges' file, for messages.
    let mergesPath: String
    let vocabulary: [String: Int]
    let merges: [MergeRule]
    /// The added tokens of `tokenizer.json`, which may be missing in its vocabulary.
    let addedTokens: [TokenEntry]

    /// Reads `tokenizer.json` if it exists (transformers 5 writes only this), else `vocab.json` and
    /// `merges.txt`.
    init(directory: URL) throws(ModelError) {
      let whole = directory.appending(path: "tokenizer.json")
      let vocabularyFile: URL
      if FileManager.default.fileExists(atPath: whole.path) {
        let contents: TokenizerJSON = try ConfigurationFile.decode(from: whole)
        vocabularyFile = whole
        mergesPath = whole.relativePath
        vocabulary = contents.model.vocab
        merges = contents.model.merges
        addedTokens = contents.addedTokens ?? []
      } else {
        vocabularyFile = directory.appending(path: "vocab.json")
        let mergesFile = directory.appending(path: "merges.txt")
        mergesPath = mergesFile.relativePath
        vocabulary = try ConfigurationFile.decode(from: vocabularyFile)
        merges = try Self.readMerges(mergesFile)
        addedTokens = []
      }
      if let token = vocabulary.first(where: { !(0...Int(Int32.max)).contains($0.value) }) {
        throw .invalid(
          path: vocabularyFile.relativePath, problem: "the id of “\(token.key)” is \(token.value)",
          advice: "copy the file from the model again")
      }
    }

    private static func readMerges(_ file: URL) throws(ModelError) -> [MergeRule] {
      let text: String
      do {
        text = try String(contentsOf: file, encoding: .utf8)
      } catch {
        throw .missing(
          path: file.relativePath, advice: "copy it from the model that vocab.json is from")
      }
      return try merges(of: text, from: file.relativePath)
    }

    /// The merges of a `merges.txt`.
    static func merges(of text: String, from path: String) throws(ModelError) -> [MergeRule] {
      var merges: [MergeRule] = []
      for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
        if line.starts(with: "#version".utf8) { continue }
        guard let merge = MergeRule(Substring(line)) else {
          throw .invalid(
            path: path, problem: "“\(Substring(line))” is not two tokens",
            advice: "copy the file from the model again")
        }
        merges.append(merge)
      }
      return merges
    }
  }

  /// Two tokens that are merged into one.
  struct MergeRule {
    let left: String
    let right: String

    init(left: String, right: String) {
      self.left = left
      self.right = right
    }

    /// Parses a line of `merges.txt`: two tokens with a space between them.
    init?(_ line: Substring) {
      let tokens = line.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
      guard tokens.count == 2 else { return nil }
      left = String(Substring(tokens[0]))
      right = String(Substring(tokens[1]))
    }
  }
}

/// The part of `tokenizer.json` that CLIP's tokenizer reads. Normalizer, pattern and the rest are
/// the same for every CLIP model, and transformers ignores those of the file.
private struct TokenizerJSON: Decodable {
  let model: Model
  let addedTokens: [TokenEntry]?

  struct Model: Decodable {
    let vocab: [String: Int]
    let merges: [TokenizerFolder.MergeRule]

    private enum CodingKeys: String, CodingKey {
      case vocab, merges
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      vocab = try container.decode([String: Int].self, forKey: .vocab)
      merges = try Self.merges(in: container)
    }

    /// Decodes `[["a", "b"]]`, or `["a b"]` of older files.
    private static func merges(
      in container: KeyedDecodingContainer<CodingKeys>
    ) throws -> [TokenizerFolder.MergeRule] {
      do {
        let lines = try container.decode([String].self, forKey: .merges)
        return try lines.map { line in
          guard let merge = TokenizerFolder.MergeRule(line[...]) else {
            throw DecodingError.dataCorruptedError(
              forKey: .merges, in: container, debugDescription: "“\(line)”, not two tokens")
          }
          return merge
        }
      } catch DecodingError.typeMismatch {
        let pairs = try container.decode([[String]].self, forKey: .merges)
        return try pairs.map { pair in
          guard pair.count == 2 else {
            throw DecodingError.dataCorruptedError(
              forKey: .merges, in: container, debugDescription: "\(pair), not two tokens")
          }
          return TokenizerFolder.MergeRule(left: pair[0], right: pair[1])
        }
      }
    }
  }
}
