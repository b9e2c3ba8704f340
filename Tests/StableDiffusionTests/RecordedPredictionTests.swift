import NN
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

/// Compares pictures whose predictions are recorded and repeated with pictures whose predictions are all run.
/// On the CPU the operations of a GPU are repeated, one by one.
@Suite("Recorded predictions")
struct RecordedPredictionTests {
  private let model: ModelDirectory
  private let unet: UNet2DConditionModel

  init() throws {
    model = try ModelDirectory(DrawingGolden.base)
    unet = try model.loadUNet()
    // Adapters beside the weights.
    for site in try unet.attachAdapters(
      LoRA.self, targets: ["to_q", "to_v"], settings: AdapterSettings(rank: 2, alpha: 2),
      generator: { try Generator(seed: UInt64($0)) })
    {
      for (_, tensor) in site.tensors {
        try tensor.copy(from: Generator(seed: 3).normal(tensor.shape) * 0.1)
      }
    }
  }

  /// A picture of a prompt that is made of random numbers.
  private func request(
    _ prompt: UInt64, width: Int = 64, steps: Int = 6, guidance: Double = 5
  ) throws -> PictureRequest {
    func text(_ seed: UInt64) throws -> PromptEmbedding {
      PromptEmbedding(
        embeds: try Generator(seed: seed).normal([1, 77, 64]),
        pooled: try Generator(seed: seed + 1).normal([1, 32]))
    }
    return PictureRequest(
      prompt: try text(10 * prompt), negative: try text(5), width: width, height: 64, steps: steps,
      guidance: guidance, seed: prompt)
  }

  private func compare(_ requests: [PictureRequest], _ sampler: SchedulerName) throws -> Int {
    try withoutProcessorKernels {
      let scheduler = model.scheduler.replacingClass(with: sampler)
      let plain = LatentSampler(unet: unet, scheduler: scheduler, scale: model.vae.scale)
      let recording = LatentSampler(
        unet: unet, scheduler: scheduler, scale: model.vae.scale, recordsPredictions: true)
      for request in requests {
        #expect(try recording.latents(for: request).bytes() == plain.latents(for: request).bytes())
      }
      return try #require(recording.recorded).recordings
    }
  }

  @Test("give the same pictures with every sampler", arguments: SchedulerName.allCases)
  func samplers(_ name: SchedulerName) throws {
    #expect(try compare([request(1)], name) == 1)
  }

  @Test("serve all pictures of one shape, and are made again for another")
  func shapes() throws {
    let one = try request(1)
    #expect(try compare([one, request(2), one], .euler) == 1)
    #expect(try compare([one, request(2, width: 128), request(3, width: 128), one], .euler) == 3)
    #expect(try compare([one, request(2, guidance: 1)], .euler) == 2)
  }

  @Test("that cannot be made are run, and offloaded weights have none")
  func unrecorded() throws {
    let (request, sampler) = (
      try request(1), LatentSampler(unet: unet, scheduler: model.scheduler, scale: model.vae.scale)
    )
    let plain = try sampler.latents(for: request)
    let recording = LatentSampler(
      unet: unet, scheduler: model.scheduler, scale: model.vae.scale, recordsPredictions: true)
    // A graph inside a graph is an error. The outer one fails, since the sampler reads its result.
    var latents: Tensor?
    #expect(throws: TorchError.self) {
      try DeviceGraph(on: .cpu).record { latents = try recording.latents(for: request) }
    }
    #expect(try #require(latents).bytes() == plain.bytes())
    #expect(recording.recorded?.recordings == 0)
    for (storage, isRecorded) in [(WeightStorage.offloaded(share: 1), false), (.resident, true)] {
      let loaded = LoadedModel(model, storage: storage, recordsPredictions: true)
      #expect(try (loaded.sampler().recorded != nil) == isRecorded)
    }
    #expect(try LoadedModel(model).sampler().recorded == nil)
  }

  @Test("are not made for a picture of a step or two")
  func few() throws {
    #expect(try compare([request(1, steps: 2)], .euler) == 0)
    #expect(try compare([request(1, steps: 1), request(2, steps: 2)], .euler) == 1)
  }
}
