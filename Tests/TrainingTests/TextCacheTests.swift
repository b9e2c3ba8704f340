import Foundation
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Drawing
@testable import Training

@Suite("Text cache")
struct TextCacheTests {
  private final class Counter {
    var loads = 0
    weak var encoder: PromptEncoder?
  }

  private let folder: TemporaryDirectory
  private let model: ModelDirectory
  private let counter = Counter()

  init() throws {
    folder = try TemporaryDirectory()
    model = try ModelDirectory(Repository.golden.appending(path: "tiny-sdxl"))
  }

  private func cache(
    encoders: [String] = ["one", "two", "float32"], forceZeros: Bool = true, threads: Int = 1,
    tokenizer: PromptTokenizer? = nil, memoryLimit: Int = 1 << 20
  ) throws -> TextCache {
    TextCache(
      in: folder.url, tokenizer: try tokenizer ?? model.loadPromptTokenizer(), encoders: encoders,
      forceZeros: forceZeros, arithmetic: Arithmetic(threads: threads), memoryLimit: memoryLimit
    ) { [counter, model] tokenizer in
      let encoder = try model.loadPromptEncoder(tokenizer: tokenizer)
      counter.loads += 1
      counter.encoder = encoder
      return encoder
    }
  }

  /// The indices of the prompts that were computed.
  private func computed(_ prompts: [TextPrompt], by cache: TextCache) throws -> [Int] {
    var computed: [Int] = []
    try cache.fill(prompts) { computed.append($0) }
    return computed
  }

  @Test("texts with the same tokens share an entry, whether prompt, negative prompt or caption")
  func shared() throws {
    let cache = try cache()
    let long = String(repeating: "dog ", count: 80)
    let prompts: [TextPrompt] = [
      .positive("a dog"), .positive("A  DOG "), .caption("a dog", maxTokens: 225),
      .negative("a dog"), .positive(""), .negative(""), .caption("", maxTokens: 75),
      .negative(nil), .positive(long), .caption(long, maxTokens: 75),
      .caption(long + "dog", maxTokens: 75), .caption(long, maxTokens: 150),
    ]
    #expect(try computed(prompts, by: cache) == [0, 4, 7, 8, 11])
    #expect(Set(prompts.map { cache.file(of: $0) }).count == 5)
    #expect(try computed(prompts, by: self.cache()).isEmpty)
  }

  @Test("the encoders are loaded once, only for missing entries, and freed afterwards")
  func loaded() throws {
    let cache = try cache()
    try cache.fill([.positive("a dog"), .negative(nil)]) { _ in #expect(counter.loads <= 1) }
    #expect(counter.loads == 1 && counter.encoder == nil)
    try cache.fill([.negative(nil), .positive("a dog")]) { _ in Issue.record("computed again") }
    _ = try cache.embedding(.positive("a dog"))
    #expect(counter.loads == 1)
  }

  @Test("embeddings are those of the encoders, or zeros if the model uses zeros")
  func embeddings() throws {
    let cache = try cache()
    let encoder = try model.loadPromptEncoder()
    let long = String(repeating: "a photo of sks dog, ", count: 20)
    let expected: [(TextPrompt, PromptEmbedding)] = [
      (.positive("a dog"), try encoder.encode(["a dog"])),
      (.negative("blurry"), try encoder.encodeNegative("blurry")),
      (.negative(nil), try encoder.encodeNegative(nil)),
      (.caption(long, maxTokens: 225), try encoder.encode(long, maxTokens: 225)),
    ]
    for (prompt, embedding) in expected {
      let kept = try cache.embedding(prompt)
      #expect(kept.embeds.shape == embedding.embeds.shape)
      #expect(try kept.embeds.bytes() == embedding.embeds.bytes())
      #expect(try kept.pooled.bytes() == embedding.pooled.bytes())
    }
    #expect(try self.cache().embedding(.negative(nil)).embeds.abs().max().item() == 0)
  }

  @Test("other encoders, number formats, zeros and arithmetic have other entries")
  func keys() throws {
    let file = try cache().file(of: .positive("a dog"))
    #expect(try cache().file(of: .positive("a dog")) == file)
    for other in [
      try cache(encoders: ["1", "two", "float32"]), try cache(encoders: ["one", "2", "float32"]),
      try cache(encoders: ["one", "two", "bfloat16"]), try cache(threads: 2),
    ] {
      #expect(other.file(of: .positive("a dog")) != file)
    }
    let plain = try cache(forceZeros: false)
    #expect(plain.file(of: .positive("a dog")) == file)
    #expect(plain.file(of: .negative(nil)) == plain.file(of: .positive("")))
    #expect(try cache().file(of: .negative(nil)) != plain.file(of: .negative(nil)))
  }

  @Test("a tokenizer with the same tokens has the same entry, one with other tokens another")
  func tokenizers() throws {
    let file = try cache().file(of: .positive("a dog"))
    let first = try model.loadTokenizer()
    let second = try model.loadTokenizer2()
    let swapped = try cache(tokenizer: PromptTokenizer(second, first))
    #expect(swapped.file(of: .positive("a dog")) != file)
    #expect(
      try cache(tokenizer: PromptTokenizer(first, second)).file(of: .positive("a dog")) == file)
  }

  @Test("a missing or damaged entry is computed again, together with all other missing ones")
  func vanished() throws {
    let cache = try cache(memoryLimit: 0)
    let prompts: [TextPrompt] = [.positive("a dog"), .positive("a cat"), .negative(nil)]
    try cache.fill(prompts) { _ in }
    let bytes = try prompts.map { try cache.embedding($0).embeds.bytes() }
    try FileManager.default.removeItem(at: folder.url.appending(path: "text"))
    #expect(try prompts.map { try cache.embedding($0).embeds.bytes() } == bytes)
    #expect(counter.loads == 2 && counter.encoder == nil)

    var data = try Data(contentsOf: cache.file(of: prompts[1]))
    data[data.count - 1] ^= 1
    try data.write(to: cache.file(of: prompts[1]))
    #expect(try prompts.map { try cache.embedding($0).embeds.bytes() } == bytes)
    #expect(counter.loads == 3)
  }

  @Test("an embedding that was read stays in memory if its file changes")
  func inMemory() throws {
    let cache = try cache()
    let prompts: [TextPrompt] = [.positive("a dog"), .positive("a cat"), .negative(nil)]
    try cache.fill(prompts) { _ in }
    let kept = try prompts.map { try cache.embedding($0) }
    try FileManager.default.removeItem(at: folder.url.appending(path: "text"))
    for (prompt, embedding) in zip(prompts, kept) {
      #expect(try cache.embedding(prompt).embeds === embedding.embeds)
    }
    #expect(counter.loads == 1)
  }

  @Test("an error during the work keeps the embeddings computed so far")
  func stopped() throws {
    struct Stop: Error {}
    let prompts: [TextPrompt] = [.positive("a"), .positive("b"), .positive("c")]
    #expect(throws: Stop.self) {
      try cache().fill(prompts) { if $0 == 2 { throw Stop() } }
    }
    #expect(counter.encoder == nil)
    #expect(try computed(prompts, by: cache()) == [2])
  }
}
