import Foundation
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

/// Captions of more than 75 tokens.
@Suite struct LongCaptionTests {
  private struct Recorded: Decodable {
    let caption: String
  }

  private let model: ModelDirectory
  private let golden: Golden
  private let caption: String

  init() throws {
    model = try ModelDirectory(Repository.golden.appending(path: "tiny-sdxl"))
    golden = try Golden("models/long-caption")
    caption = try golden.config(as: Recorded.self).caption
  }

  @Test("Both tokenizers cut a caption every 75 tokens, and pad as for a prompt")
  func chunks() throws {
    let encoding = try model.loadPromptTokenizer().encode(caption, maxTokens: 225)
    for (chunks, name) in zip(encoding.chunks, ["input_ids", "input_ids_2"]) {
      let expected = try golden.input(name).int64s().map { Int($0) }
      #expect(chunks.count == 3)
      #expect(chunks.flatMap(\.self) == expected)
    }
    #expect(encoding.tokenCount == 176)
    #expect(encoding.truncatedText == nil)
  }

  @Test("Two and three chunks are embedded as in transformers, with the pooled vector of the first")
  func embeddings() throws {
    let encoder = try model.loadPromptEncoder()
    let three = try encoder.encode(caption, maxTokens: 225)
    let outputs = ["embeds": three.embeds, "pooled": three.pooled]
    #expect(try golden.differences(outputs: outputs) == [])

    let two = try encoder.encode(caption, maxTokens: 150)
    let expected = try golden.tensor("out.embeds").narrow(dim: 1, start: 0, length: 154)
    #expect(two.embeds.shape == [1, 154, 64])
    #expect(try relativeDifference(two.embeds, expected) < 1e-5)
    #expect(try relativeDifference(two.pooled, golden.tensor("out.pooled")) < 1e-5)
  }

  @Test("A caption of one chunk equals the prompt of the same text, bit for bit")
  func short() throws {
    let encoder = try model.loadPromptEncoder()
    for (text, maxTokens) in [("a photo of sks dog", 225), (caption, 75), ("", 150)] {
      let prompt = try encoder.encode([text])
      let short = try encoder.encode(text, maxTokens: maxTokens)
      #expect(short.embeds.shape == [1, 77, 64])
      #expect(try short.embeds.bytes() == prompt.embeds.bytes())
      #expect(try short.pooled.bytes() == prompt.pooled.bytes())
    }
  }

  @Test("The cut text is reported for the tokenizer that gives more tokens")
  func truncated() throws {
    let tokenizer = try model.loadPromptTokenizer()
    let cut = try #require(tokenizer.encode(caption, maxTokens: 150).truncatedText)
    #expect(cut.hasSuffix("dog at the museum !"))
    #expect(caption.replacing(" ", with: "").hasSuffix(cut.replacing(" ", with: "")))

    // `!!!` is one token in the first tokenizer and three in the second, whose padding is `!`.
    let merged = Repository.root.appending(path: "Sources/CLIPVocabulary/Vocabulary")
    let first = try CLIPTokenizer(directory: merged)
    let both = PromptTokenizer(first, try secondTokenizer(from: merged))
    let text = String(repeating: "!!! ", count: 40)
    let encoding = both.encode(text, maxTokens: 225)
    #expect(encoding.chunks.map(\.count) == [2, 2])
    #expect(encoding.chunks[0][0] == first.encode(text).chunks[0])
    #expect(encoding.chunks[0][1] == first.encode("").chunks[0])
    #expect(encoding.tokenCount == 120)
    #expect(both.encode(text).truncatedText?.filter { $0 == "!" }.count == 45)
  }

  /// CLIP's vocabulary with "!" as the padding.
  private func secondTokenizer(from vocabulary: URL) throws -> CLIPTokenizer {
    let directory = try TemporaryDirectory()
    for name in try FileManager.default.contentsOfDirectory(atPath: vocabulary.path) {
      try FileManager.default.copyItem(
        at: vocabulary.appending(path: name), to: directory.url.appending(path: name))
    }
    try Data(#"{"pad_token": "!"}"#.utf8).write(
      to: directory.url.appending(path: "special_tokens_map.json"))
    return try CLIPTokenizer(directory: directory.url)
  }

  @Test("Padding adds chunks of the empty text, and none if there are enough")
  func padded() throws {
    let encoder = try model.loadPromptEncoder()
    let empty = try encoder.encode("", maxTokens: 75)
    let batch = try encoder.encode(["a photo of sks dog", "two cats"])
    let padded = try batch.padded(toChunks: 3, with: empty)
    #expect(padded.embeds.shape == [2, 231, 64])
    for row in 0..<2 {
      let alone = try padded.embeds.narrow(dim: 0, start: row, length: 1)
      let parts = try (0..<3).map { try alone.narrow(dim: 1, start: 77 * $0, length: 77).floats() }
      #expect(try parts[0] == batch.embeds.narrow(dim: 0, start: row, length: 1).floats())
      #expect(try parts[1] == empty.embeds.floats())
      #expect(try parts[2] == empty.embeds.floats())
    }
    #expect(try padded.pooled.bytes() == batch.pooled.bytes())
    let long = try encoder.encode(caption, maxTokens: 225)
    for count in [0, 1, 3] {
      #expect(try long.padded(toChunks: count, with: empty).embeds.shape == [1, 231, 64])
    }
  }
}
