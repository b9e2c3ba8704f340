import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

extension CUDATests {
  @Suite("pictures")
  struct Pictures {
    /// The request of a recorded picture.
    private struct Recorded: Decodable {
      let prompt: String
      let negativePrompt: String?
      let width: Int
      let height: Int
      let steps: Int
      let seed: UInt64
    }

    @Test(
      "of every sampler are those of diffusers on the CPU within 3 of 255 in fp32",
      arguments: SchedulerName.allCases)
    func samplers(_ name: SchedulerName) throws {
      let model = try tinyModel()
      let golden = try Golden("pictures/samplers/\(name.rawValue)")
      let recorded = try golden.config(as: Recorded.self)
      let worst = try worst(golden, "5.0", drawnWith: .float32, recorded, sampler: name, model)
      #expect(worst <= 3, "a byte differs by \(worst)")
    }

    @Test("in half precision are near those of fp32", arguments: [DType.bfloat16, .float16])
    func halfPrecision(_ dtype: DType) throws {
      let model = try tinyModel()
      let golden = try Golden("pictures/samplers/\(SchedulerName.euler.rawValue)")
      let recorded = try golden.config(as: Recorded.self)
      let worst = try worst(golden, "5.0", drawnWith: dtype, recorded, sampler: .euler, model)
      #expect(worst <= 40, "a byte differs by \(worst)")
    }

    /// The largest difference of a byte from the recorded picture.
    private func worst(
      _ golden: Golden, _ guidance: String, drawnWith dtype: DType, _ recorded: Recorded,
      sampler: SchedulerName, _ model: ModelDirectory
    ) throws -> Int {
      let pipeline = StableDiffusionXLPipeline(
        model, scheduler: model.scheduler.replacingClass(with: sampler), dtype: dtype,
        device: device)
      let series = PictureSeries(
        prompt: recorded.prompt, negative: recorded.negativePrompt, width: recorded.width,
        height: recorded.height, steps: recorded.steps, guidance: 5, seeds: [recorded.seed])
      var worst = 255
      let expected = try golden.tensor("out.image.\(guidance)").uint8s()
      try pipeline.draw(series) { _, picture in
        guard picture.pixels.count == expected.count, Set(picture.pixels).count > 20 else { return }
        worst = zip(picture.pixels, expected).map { abs(Int($0) - Int($1)) }.max() ?? 255
      }
      return worst
    }
  }
}
