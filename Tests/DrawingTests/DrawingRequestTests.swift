import Drawing
import Files
import Foundation
import Options
import StableDiffusion
import TestSupport
import Testing

/// The options of a drawing, in layers.
@Suite struct DrawingRequestTests {
  private func request(
    _ give: (inout DrawingRequest) -> Void
  ) -> DrawingRequest {
    var request = DrawingRequest()
    give(&request)
    return request
  }

  private func flags(_ options: (key: String, text: String)...) throws -> DrawingRequest {
    var overrides = OptionOverrides<DrawingOptions>()
    for option in options { overrides.set(key: option.key, to: option.text) }
    var layers = OptionLayers<DrawingOptions>()
    layers.add(overrides)
    return try DrawingRequest(layers)
  }

  @Test("Each layer replaces the options that it sets, and keeps the rest")
  func layers() throws {
    let recorded = request {
      $0.set(\.$steps, to: 10)
      $0.set(\.$guidance, to: 7)
      $0.set(\.$negative, to: "blurry")
    }
    let template = request {
      $0.set(\.$steps, to: 20)
      $0.set(\.$guidance, to: 8)
    }
    let entry = request { $0.set(\.$guidance, to: 9) }
    let given = try flags(("seed", "3")).over(entry.over(template.over(recorded)))
    #expect((given.options.steps, given.options.guidance) == (20, 9))
    #expect((given.options.seed, given.options.negative) == (3, "blurry"))
    #expect(given.options.count == DrawingOptions().count)
    #expect(given.gives(\.$seed) && given.gives(\.$negative) && !given.gives(\.$count))
    // A value counts as given even if it is the default.
    let standard = request { $0.set(\.$steps, to: DrawingOptions().steps) }
    #expect(standard.over(recorded).options.steps == DrawingOptions().steps)
    // Layering changes neither request.
    #expect(recorded.options.steps == 10 && entry.options.steps == DrawingOptions().steps)
  }

  @Test(
    "Options of a model or adapter are replaced with it, and a split replaces a refiner strength")
  func companions() throws {
    let recorded = request {
      $0.set(\.$model, to: "a")
      $0.set(\.$vae, to: "b")
      $0.set(\.$loras, to: [AdapterChoice(path: "c.safetensors", strength: 1)])
      $0.set(\.$mergeAdapters, to: false)
      $0.set(\.$refiner, to: "d")
      $0.set(\.$refinerStrength, to: 0.3)
    }
    #expect(try flags(("model", "x")).over(recorded).options.vae == nil)
    #expect(try flags(("vae", "x")).over(recorded).options.model == "a")
    let other = request { $0.set(\.$loras, to: [AdapterChoice(path: "e", strength: 2)]) }
    #expect(!other.over(recorded).gives(\.$mergeAdapters))
    let split = try flags(("split", "0.5")).over(recorded)
    #expect(split.options.refinerStrength == nil && split.options.refiner == "d")
    try split.check()
  }

  @Test("An adapter that is used twice is named once, also under another path")
  func repeatedAdapter() throws {
    let folder = try TemporaryDirectory()
    let file = folder.url.appending(path: "a.safetensors")
    let link = folder.url.appending(path: "b.safetensors")
    let other = folder.url.appending(path: "c.safetensors")
    for url in [file, other] { try Data("a".utf8).write(to: url) }
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: file)
    func notes(_ files: [URL]) -> [String] {
      let loras = files.map { AdapterChoice(path: $0.path, strength: 1) }
      return request { $0.set(\.$loras, to: loras) }.options.notes()
    }
    #expect(
      notes([file, other, link, file])
        == ["The adapter \(file.path) is used 3 times, so its strengths are added."])
    #expect(notes([file, other]) == [])
    withExtendedLifetime(folder) {}
  }

  @Test("An adapter with strength 0 is named")
  func noStrength() {
    func notes(_ strength: Double, times factor: Double = 1) -> [String] {
      request {
        $0.set(\.$loras, to: [AdapterChoice(path: "a.safetensors", strength: strength)])
        $0.set(\.$strength, to: factor)
      }.options.notes()
    }
    let zero = "The adapter a.safetensors has strength 0, so it changes nothing."
    #expect(notes(1) == [])
    #expect(notes(0) == [zero])
    #expect(notes(1, times: 0) == [zero])
  }

  @Test("Values of flags are read in their own forms, and wrong values are named")
  func values() throws {
    let given = try flags(
      ("scheduler", "DPM++ 2M Karras"), ("original_size", "200x300"), ("crop", "16,8"),
      ("negative", ""), ("precision", "bf16"), ("vae_tiling", "on"), ("long_prompts", "true")
    ).options
    #expect(given.scheduler == .dpm2MKarras && given.vaeTiling == .always && given.longPrompts)
    #expect(given.originalSize == ImageSize(width: 200, height: 300))
    #expect(given.crop == CropOffset(top: 16, left: 8))
    #expect(given.negative == "" && given.precision == .bf16)
    let list = "euler, euler-a, heun"
    for (key, text, sentence) in [
      ("scheduler", "pndm", "`scheduler` is \"pndm\", but must be \(list)"),
      ("steps", "0", "`steps` is 0, but must be from 1 to 1000."),
      ("guidance_rescale", "2", "`guidance_rescale` is 2.0, but must be from 0 to 1."),
      ("crop", "1", "`crop` is \"1\", but must be rows at the top and columns at the left"),
    ] {
      let error = #expect(throws: ConfigError.self) { try flags((key, text)) }
      #expect("\(try #require(error))".hasPrefix(sentence))
      #expect(error?.kind == .usage)
    }
  }

  @Test("An adapter is a file, with a strength after a colon")
  func adapters() {
    #expect(AdapterChoice("a.safetensors") == AdapterChoice(path: "a.safetensors", strength: 1))
    #expect(AdapterChoice("a:b.safetensors:-0.5")?.path == "a:b.safetensors")
    #expect(AdapterChoice("a:b.safetensors:-0.5")?.strength == -0.5)
    #expect(AdapterChoice("a:b") == nil && AdapterChoice("a:nan") == nil)
    #expect(AdapterChoice("root/dog/run-3/step-000500/adapter.safetensors")?.name == "dog@500")
    #expect(AdapterChoice("dog/adapter.safetensors")?.name == "adapter.safetensors")
  }

  @Test("Options that exclude or need each other are named")
  func combinations() throws {
    func problem(_ give: (inout DrawingRequest) -> Void) -> DrawingRequestError? {
      #expect(throws: DrawingRequestError.self) { try request(give).check() }
    }
    #expect(problem { $0.set(\.$split, to: 0.5) } == .needsRefiner("split"))
    #expect(problem { $0.set(\.$imageStrength, to: 0.5) } == .needsImage)
    #expect(problem { $0.set(\.$strength, to: 0.5) } == .needsAdapter(hasImage: false))
    let ofImage = problem {
      $0.set(\.$image, to: "a.png")
      $0.set(\.$strength, to: 0.5)
    }
    #expect(ofImage?.description.contains("`image_strength`") == true)
    let both = problem {
      $0.set(\.$refiner, to: "r")
      $0.set(\.$split, to: 0.5)
      $0.set(\.$refinerStrength, to: 0.5)
    }
    #expect(both == .twoRefinements)
    let large = problem {
      $0.set(\.$seed, to: .max)
      $0.set(\.$count, to: 2)
    }
    #expect(large == .seedTooLarge(.max, count: 2))
    try request { $0.set(\.$seed, to: .max) }.check()
  }
}
