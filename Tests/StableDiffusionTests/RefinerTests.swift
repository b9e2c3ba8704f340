import Foundation
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

/// Base models and refiners are distinguished.
@Suite struct RefinerTests {
  private let base = Repository.golden.appending(path: "tiny-sdxl")
  private let refiner = Repository.golden.appending(path: "tiny-refiner")

  @Test("A refiner has one text encoder and an aesthetic score")
  func open() throws {
    let model = try ModelDirectory(refiner, as: .refiner)
    #expect(model.role == .refiner)
    #expect(model.requiresAestheticsScore)
    #expect(!model.forceZerosForEmptyPrompt)
    try model.checkWeights()
    #expect(try model.loadPromptEncoder().encode(["a"]).embeds.shape == [1, 77, 40])
    #expect(throws: ModelError.self) { try model.loadTextEncoder() }
    #expect(try ModelDirectory(base).role == .base)
    let sizes = SizeConditioning(width: 3, height: 2)
    #expect(sizes.timeIds(score: 6) == [2, 3, 0, 0, 6])
  }

  @Test("A refiner given as the base, and a base given as the refiner, are recognised")
  func exchanged() throws {
    let asBase = #expect(throws: ModelError.self) { try ModelDirectory(refiner) }
    let sentence = try #require(asBase).description
    #expect(
      sentence.hasSuffix(
        """
        tiny-refiner/model_index.json: this is a refiner, not a base model; give it with \
        `refiner`, together with an SDXL base model.
        """))
    let asRefiner = #expect(throws: ModelError.self) { try ModelDirectory(base, as: .refiner) }
    #expect(
      try #require(asRefiner).description.hasSuffix(
        """
        tiny-sdxl/model_index.json: this is a base model, not a refiner; give it with \
        `model`, or choose an SDXL refiner.
        """))
  }

  @Test("A base without a text encoder is a broken base, not a refiner")
  func broken() throws {
    let directory = try TemporaryDirectory()
    let copy = directory.url.appending(path: "model")
    try FileManager.default.copyItem(at: base.resolvingSymlinksInPath(), to: copy)
    let index = copy.appending(path: "model_index.json")
    let text = try String(contentsOf: index, encoding: .utf8)
    try text.replacing("\"text_encoder\"", with: "\"other\"")
      .write(to: index, atomically: true, encoding: .utf8)
    let error = #expect(throws: ModelError.self) { try ModelDirectory(copy) }
    #expect(try #require(error).description.contains("it names no text_encoder"))
  }
}
