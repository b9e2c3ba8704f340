import Foundation
import StableDiffusion
import TestSupport
import Testing
import Torch

/// Whole pictures against diffusers' `StableDiffusionXLPipeline` on the same model and seed.
@Suite struct PictureGoldenTests {
  /// The request of a recorded picture.
  struct Recorded: Decodable {
    let prompt: String
    let negativePrompt: String?
    let width: Int
    let height: Int
    let steps: Int
    let guidance: Double
    let seed: UInt64
  }

  private let model: ModelDirectory

  init() throws {
    model = try ModelDirectory(Repository.golden.appending(path: "tiny-sdxl"))
  }

  @Test(
    "Noise, final latents and every byte of the picture equal diffusers'",
    arguments: ["negative", "no-negative", "empty-negative", "no-guidance"])
  func picture(_ name: String) throws {
    let golden = try Golden("pictures/\(name)")
    let request = try request(golden.config(as: Recorded.self))
    let noise = try golden.input("noise")
    #expect(try Generator(seed: request.seed).normal(noise.shape).floats() == noise.floats())

    let vae = try model.loadVAE()
    let sampler = LatentSampler(
      unet: try model.loadUNet(), scheduler: model.scheduler, scale: vae.configuration.scale)
    let latents = try sampler.latents(for: request)
    #expect(try golden.differences(outputs: ["latents": latents]) == [])

    let picture = try LatentDecoder(vae: vae).pictures(of: latents)[0]
    let expected = try golden.tensor("out.image").floats().map { Int(($0 * 255).rounded()) }
    #expect((picture.width, picture.height) == (request.width, request.height))
    #expect(picture.pixels.count == expected.count)
    let worst = zip(picture.pixels, expected).map { abs(Int($0) - $1) }.max() ?? 255
    #expect(worst <= 1, "a byte differs by \(worst)")
    #expect(Set(picture.pixels).count > 20, "the picture is not uniform")
  }

  @Test(
    "Every sampler draws the picture of diffusers at guidance 1, 5 and 7.5, within 2 of 255",
    arguments: SchedulerName.allCases)
  func samplers(_ name: SchedulerName) throws {
    let golden = try Golden("pictures/samplers/\(name.rawValue)")
    var request = try request(golden.config(as: Recorded.self))
    let sampler = LatentSampler(
      unet: try model.loadUNet(), scheduler: model.scheduler.replacingClass(with: name),
      scale: model.vae.scale)
    let decoder = LatentDecoder(vae: try model.loadVAE())
    for guidance in [1, 5, 7.5] {
      request.guidance = guidance
      let latents = try sampler.latents(for: request)
      #expect(try golden.differences(outputs: ["latents.\(guidance)": latents]) == [])
      let picture = try decoder.pictures(of: latents)[0]
      let expected = try golden.tensor("out.image.\(guidance)").uint8s()
      #expect(picture.pixels.count == expected.count)
      let worst = zip(picture.pixels, expected).map { abs(Int($0) - Int($1)) }.max() ?? 255
      #expect(worst <= 2, "at guidance \(guidance) a byte differs by \(worst)")
      #expect(Set(picture.pixels).count > 20, "the picture is not uniform")
    }
  }

  @Test("Heun takes two predictions for a step and reports each step once")
  func heunSteps() throws {
    let heun = model.scheduler.replacingClass(with: .heun)
    var steps: [Int] = []
    try StableDiffusionXLPipeline(model, scheduler: heun).draw(
      series(seeds: [1]), progress: { steps.append($0.step) }, receive: { _, _ in })
    #expect(steps == [1, 2, 3, 4, 5])
  }

  @Test("For each seed the pipeline draws the same as sampler and decoder, and reports every step")
  func pipeline() throws {
    let series = try series(seeds: [41, 42])
    var steps: [[UInt64]] = []
    var pictures: [UInt64: Picture] = [:]
    try StableDiffusionXLPipeline(model).draw(
      series, progress: { steps.append([$0.seed, UInt64($0.step), UInt64($0.done)]) },
      receive: { pictures[$0] = $1 })
    #expect(steps.map { $0[0] } == [41, 41, 41, 41, 41, 42, 42, 42, 42, 42])
    #expect(steps.map { $0[1] } == [1, 2, 3, 4, 5, 1, 2, 3, 4, 5])
    #expect(steps.map { $0[2] } == Array(1...10))
    let loaded = LoadedModel(model)
    let sampler = try loaded.sampler()
    let decoder = try loaded.decoder()
    var request = try request(Golden("pictures/negative").config(as: Recorded.self))
    for seed in series.seeds {
      request.seed = seed
      let expected = try decoder.pictures(of: sampler.latents(for: request))[0]
      #expect(pictures[seed] == expected)
    }
    #expect(pictures[41] != pictures[42])
  }

  @Test("An error of the progress callback ends the drawing")
  func cancelled() throws {
    struct Cancelled: Error {}
    let series = try series(seeds: [1])
    var last = 0
    #expect(throws: Cancelled.self) {
      try StableDiffusionXLPipeline(model).draw(
        series,
        progress: {
          last = $0.step
          if last == 2 { throw Cancelled() }
        }, receive: { _, _ in Issue.record("a picture was received") })
    }
    #expect(last == 2)
  }

  @Test("The pipeline refuses sizes and steps that the model does not support")
  func badSeries() throws {
    let pipeline = StableDiffusionXLPipeline(model)
    var series = try series(seeds: [1])
    series.width = 60
    #expect(throws: DrawingError.size(width: 60, height: series.height, multiple: 8)) {
      try pipeline.draw(series) { _, _ in }
    }
    series.steps = 1001
    #expect(throws: SchedulerError.steps(1001, limit: 1000)) {
      try pipeline.draw(series) { _, _ in }
    }
  }

  @Test("A size that the VAE cannot decode is refused with the multiple")
  func badSize() throws {
    let sampler = LatentSampler(
      unet: try model.loadUNet(), scheduler: model.scheduler, scale: model.vae.scale)
    for (width, height) in [(60, 64), (64, 0), (-8, 64)] {
      var request = try request(Golden("pictures/no-guidance").config(as: Recorded.self))
      request.width = width
      request.height = height
      #expect(throws: DrawingError.size(width: width, height: height, multiple: 8)) {
        try sampler.latents(for: request)
      }
    }
  }

  @Test("Latents and pictures that are not finite throw instead of giving black pictures")
  func notFinite() throws {
    let decoder = LatentDecoder(vae: try model.loadVAE())
    #expect(throws: DrawingError.pictureNotFinite(dtype: .float32)) {
      try decoder.pictures(of: .full([1, 4, 8, 8], value: .nan))
    }
    var request = try request(Golden("pictures/no-guidance").config(as: Recorded.self))
    request.prompt = PromptEmbedding(
      embeds: try .full([1, 77, 64], value: .infinity), pooled: request.prompt.pooled)
    let sampler = LatentSampler(
      unet: try model.loadUNet(), scheduler: model.scheduler, scale: model.vae.scale)
    #expect(throws: DrawingError.latentNotFinite(seed: 42, dtype: .float32)) {
      try sampler.latents(for: request)
    }
  }

  @Test("A UNet in bfloat16 draws nearly the same picture")
  func bfloat16() throws {
    let golden = try Golden("pictures/no-negative")
    let sampler = LatentSampler(
      unet: try model.loadUNet(dtype: .bfloat16), scheduler: model.scheduler,
      scale: model.vae.scale)
    let latents = try sampler.latents(for: request(golden.config(as: Recorded.self)))
    #expect(latents.dtype == .bfloat16)
    #expect(try relativeDifference(latents, golden.tensor("out.latents")) < 0.1)
  }

  private func request(_ recorded: Recorded) throws -> PictureRequest {
    let encoder = try model.loadPromptEncoder()
    return PictureRequest(
      prompt: try encoder.encode([recorded.prompt]),
      negative: try encoder.encodeNegative(recorded.negativePrompt), width: recorded.width,
      height: recorded.height, steps: recorded.steps, guidance: recorded.guidance,
      seed: recorded.seed)
  }

  /// The request of the recorded picture with a negative prompt, with other seeds.
  private func series(seeds: [UInt64]) throws -> PictureSeries {
    let recorded = try Golden("pictures/negative").config(as: Recorded.self)
    return PictureSeries(
      prompt: recorded.prompt, negative: recorded.negativePrompt, width: recorded.width,
      height: recorded.height, steps: recorded.steps, guidance: recorded.guidance, seeds: seeds)
  }
}
