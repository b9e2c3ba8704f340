import Foundation
import NN
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

/// Words of prompts that stand for learnt vectors, against diffusers' `load_textual_inversion`.
@Suite struct TextualInversionTests {
  private struct Recorded: Decodable {
    let prompt: String
  }

  private let model: ModelDirectory
  private let embeddings: [TextualInversion]

  init() throws {
    let model = try ModelDirectory(Repository.golden.appending(path: "tiny-sdxl"))
    self.model = model
    embeddings = try ["zebra-toy", "bad-look"].map { word in
      try TextualInversion(
        contentsOf: Repository.golden.appending(path: "embeddings/\(word).safetensors"),
        for: model, word: word)
    }
  }

  private func encoder() throws -> PromptEncoder {
    let encoder = try model.loadPromptEncoder()
    try encoder.setEmbeddings(embeddings)
    return encoder
  }

  @Test("Embeddings and every byte of the picture equal diffusers'")
  func picture() throws {
    let golden = try Golden("embeddings/picture")
    let recorded = try golden.config(as: PictureGoldenTests.Recorded.self)
    let encoded = try encoder().encode(
      recorded.prompt, negative: recorded.negativePrompt, as: PromptReading())
    let outputs = [
      "prompt_embeds": encoded.prompt.embeds, "pooled_prompt_embeds": encoded.prompt.pooled,
      "negative_prompt_embeds": encoded.negative.embeds,
      "negative_pooled_prompt_embeds": encoded.negative.pooled,
    ]
    #expect(try golden.differences(outputs: outputs) == [])

    let series = PictureSeries(
      prompt: recorded.prompt, negative: recorded.negativePrompt, width: recorded.width,
      height: recorded.height, steps: recorded.steps, guidance: recorded.guidance,
      seeds: [recorded.seed])
    let pipeline = StableDiffusionXLPipeline(model, embeddings: embeddings)
    var pictures: [[UInt8]] = []
    try pipeline.draw(series) { pictures.append($1.pixels) }
    try pipeline.setEmbeddings([])
    try pipeline.draw(series) { pictures.append($1.pixels) }
    let expected = try golden.tensor("out.image").floats().map { Int(($0 * 255).rounded()) }
    let worst = pictures.map { zip($0, expected).map { abs(Int($0) - $1) }.max() ?? 255 }
    #expect(worst[0] <= 1 && worst[1] > 20, "\(worst)")
  }

  @Test("A long prompt is cut between the vectors of a word, as diffusers' tokens are")
  func long() throws {
    let golden = try Golden("embeddings/long-prompt")
    let prompt = try golden.config(as: Recorded.self).prompt
    let encoder = try encoder()
    let encoding = encoder.tokenizer.encode(prompt, maxTokens: .max)
    for (chunks, name) in zip(encoding.chunks, ["input_ids", "input_ids_2"]) {
      #expect(try chunks.flatMap(\.self) == golden.input(name).int64s().map { Int($0) })
    }
    let encoded = try encoder.encode(prompt, maxTokens: .max)
    #expect(
      try golden.differences(outputs: ["embeds": encoded.embeds, "pooled": encoded.pooled]) == [])
    let cut = encoder.tokenizer.encode(prompt).truncatedText
    #expect(cut?.hasPrefix("zebra-toy zebra-toy and a zebra-toy") == true, "\(cut ?? "")")
  }

  @Test("All vectors of a weighted word have its weight")
  func weighted() throws {
    let golden = try Golden("embeddings/weighted-prompt")
    let prompt = try golden.config(as: Recorded.self).prompt
    let reading = PromptReading(isWeighted: true)
    let encoded = try encoder().encode(prompt, negative: nil, as: reading).prompt
    #expect(
      try golden.differences(outputs: ["embeds": encoded.embeds, "pooled": encoded.pooled]) == [])
  }

  @Test("A word is found in any letters and after embedding:, but not inside another word")
  func places() throws {
    let tokenizer = try encoder().tokenizer
    func ids(_ prompt: String) -> [Int] { tokenizer.tokenizers[0].tokens(of: prompt) }
    let word = Array(1014..<1017)
    for prompt in ["zebra-toy", "ZEBRA-Toy", "embedding:zebra-toy"] {
      #expect(ids(prompt) == word, "\(prompt)")
    }
    #expect(ids("(zebra-toy),bad-look") == ids("(") + word + ids("),") + [1017, 1018])
    for prompt in ["zebra-toys", "azebra-toy", "zebra-toy2", "zebra toy"] {
      #expect(ids(prompt).allSatisfy { $0 < 1014 }, "\(prompt)")
      #expect(!TextualInversion.isWord("zebra-toy", in: prompt))
    }
    #expect(TextualInversion.isWord("zebra-toy", in: "a Zebra-toy."))
  }

  @Test("The pooled vector is that of the end token, also where a configuration has the wrong id 2")
  func pooling() throws {
    var configuration = model.textEncoder2
    let source = try WeightSource(
      directory: model.url.appending(path: "text_encoder_2"), name: "model")
    let outputs = try [configuration.eosTokenId, 2].map { end in
      configuration.eosTokenId = end
      let encoder = CLIPTextModelWithProjection(configuration)
      try encoder.load(from: source)
      encoder.textModel.embeddings.addedVectors = try embeddings.compactMap(\.second)
      return try encoder([[1012, 5, 1014, 1016, 7, 1013, 0]]).pooled.floats()
    }
    #expect(outputs[0] == outputs[1])
  }

  @Test("Gradients reach the vectors of a word, and are those of the table's rows")
  func gradients() throws {
    let encoder = try model.loadTextEncoder2()
    let table = try encoder.textModel.embeddings.tokenEmbedding.weight.tensor
    // The vectors are three rows of the vocabulary.
    let vectors = try table.narrow(dim: 0, start: 10, length: 3).clone()
    let direct = try model.loadTextEncoder2()
    let own = try direct.textModel.embeddings.tokenEmbedding.weight.tensor
    try own.setRequiresGrad(true)
    try vectors.setRequiresGrad(true)
    encoder.textModel.embeddings.addedVectors = [vectors]
    for (encoder, ids) in [(encoder, [1014, 1015, 1016]), (direct, [10, 11, 12])] {
      try encoder([[1012, 5] + ids + [ids[1], 1013]]).penultimate.square().sum().backward()
    }
    let expected = try #require(try own.grad).narrow(dim: 0, start: 10, length: 3)
    #expect(try relativeDifference(#require(try vectors.grad), expected) < 1e-6)
    #expect(try table.grad == nil)
  }

  @Test("A word that CLIP knows, one without letters and one used twice are refused")
  func words() throws {
    let encoder = try model.loadPromptEncoder()
    let known = try #require(
      ["a", "on"].first { encoder.tokenizer.tokenizers[0].tokens(of: $0).count == 1 })
    func named(_ word: String) -> TextualInversion {
      TextualInversion(word: word, first: embeddings[0].first, second: embeddings[0].second)
    }
    #expect(throws: TextualInversionError.knownWord(known)) {
      try encoder.setEmbeddings([named(known)])
    }
    #expect(throws: TextualInversionError.noWord(" ")) { try encoder.setEmbeddings([named(" ")]) }
    #expect(throws: TextualInversionError.twice(word: "Zebra-toy")) {
      try encoder.setEmbeddings([embeddings[0], named("Zebra-toy")])
    }
  }

  @Test("Files in other forms are read, and files that are no embeddings refused")
  func files() throws {
    let folder = try TemporaryDirectory()
    func read(_ tensors: [(String, [Int])], fill: Double = 0.5) throws -> TextualInversion {
      let url = folder.url.appending(path: "\(UUID()).safetensors")
      try SafetensorsWriter.write(
        tensors.map { ($0.0, try .full($0.1, value: fill)) }, to: url)
      return try TextualInversion(contentsOf: url, for: model, word: "w-w")
    }
    let older = try read([("text_encoders_0", [2, 24]), ("text_encoders_1", [2, 40])])
    #expect(older.count == 2 && older.first?.shape == [2, 24] && older.second?.shape == [2, 40])
    let single = try read([("emb_params", [3, 24])])
    #expect(single.first?.shape == [3, 24] && single.second == nil)
    let flat = try read([("<s1>", [40])])
    #expect(flat.first == nil && flat.second?.shape == [1, 40])

    func message(_ tensors: [(String, [Int])], fill: Double = 0.5) throws -> String {
      let error = #expect(throws: TextualInversionError.self) { try read(tensors, fill: fill) }
      return try #require(error).description
    }
    #expect(try message([("clip_l", [1, 768]), ("clip_g", [1, 1280])]).contains("another width"))
    #expect(
      try message([("emb_params", [1, 768])]).contains("768 values, and those of the model 24 "))
    #expect(try message([("clip_l", [1, 24]), ("clip_g", [2, 40])]).contains("1 and 2 vectors"))
    #expect(try message([("clip_l", [0, 24]), ("clip_g", [0, 40])]).contains("has no vector"))
    #expect(try message([("a", [1]), ("b", [1])]).contains("it contains a, b instead of clip_l"))
    #expect(try message([("clip_l", [1, 1, 24])]).contains("the shape [1, 1, 24]"))
    #expect(try message([("clip_l", [1, 24])], fill: .infinity).contains("infinite"))
  }
}
