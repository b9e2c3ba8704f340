import StableDiffusion
import TestSupport
import Testing
import Torch

/// Every sampler against diffusers' class of its name, with random predictions.
@Suite struct SamplerGoldenTests {
  static let cases = [
    "euler-ancestral": ["leading", "trailing", "linspace-v", "trailing-v-zero-snr", "ignored"],
    "heun": [
      "leading", "leading-v", "trailing-karras", "linspace-v-karras-ends",
      "trailing-sample-clip", "ignored",
    ],
    "ddim": [
      "leading", "leading-v", "leading-one", "trailing", "trailing-v-zero-snr", "linspace-sample",
      "linspace-clip", "v-clip",
    ],
    "ddpm-sampler": [
      "leading", "trailing", "trailing-v-zero-snr", "linspace-clip", "sample", "large",
    ],
    "lcm": ["epsilon", "v-clip", "sample", "distilled"],
    "dpm": [
      "leading", "leading-v", "trailing", "linspace-sample", "karras", "trailing-karras-v",
      "karras-cosine", "heun", "first", "third", "sde", "sde-karras", "sde-heun", "sde-third",
      "sigma-min", "sigma-min-high", "euler-at-final", "trailing-v-zero-snr", "clipped",
      "trailing-clipped",
    ],
    "unipc": [
      "leading", "leading-v", "trailing", "linspace-sample", "karras", "bh1", "first", "third",
      "third-bh1", "sigma-min", "karras-sigma-min", "no-corrector", "trailing-v-zero-snr",
    ],
  ].flatMap { prefix, names in (names + ["defaults"]).map { "\(prefix)-\($0)" } }.sorted()

  @Test("Timesteps and noise levels equal diffusers' at 1, 5, 20 and 30 steps", arguments: cases)
  func timesteps(_ name: String) throws {
    let golden = try Golden("schedules/\(name)")
    let configuration = try golden.config(as: SchedulerConfiguration.self)
    for steps in [1, 5, 20, 30] {
      let scheduler = try configuration.scheduler(steps: steps)
      var outputs = [
        "timesteps.\(steps)": try Tensor(scheduler.timesteps, shape: [scheduler.timesteps.count]),
        "init_noise_sigma.\(steps)": try Tensor([scheduler.initNoiseSigma], shape: []),
      ]
      if golden.has("out.sigmas.\(steps)") {
        let sigmas = try #require(self.sigmas(of: scheduler))
        outputs["sigmas.\(steps)"] = try Tensor(sigmas, shape: [sigmas.count])
      }
      #expect(try golden.differences(outputs: outputs) == [])
    }
  }

  @Test(
    "The latents of 1, 5, 16 and 61 steps equal diffusers', with noise from the same generator",
    arguments: cases)
  func trajectory(_ name: String) throws {
    let golden = try Golden("schedules/\(name)")
    let configuration = try golden.config(as: SchedulerConfiguration.self)
    for steps in [1, 5, 16, 61] where golden.has("out.samples.\(steps)") {
      let scheduler = try configuration.scheduler(steps: steps)
      let generator = try Generator(seed: 7)
      let sample = try generator.normal([1, 4, 3, 5]) * Double(scheduler.initNoiseSigma)
      let samples = try walk(scheduler, from: sample, generator)
      let output = try steps == 5 ? Tensor.cat(samples, dim: 0) : samples[samples.count - 1]
      let outputs = ["samples.\(steps)": try output.reshape(golden.shape("out.samples.\(steps)"))]
      #expect(try golden.differences(outputs: outputs, tolerance: tolerance(name)) == [])
    }
  }

  @Test("Drawing begins at the third step from a clean latent with noise", arguments: cases)
  func begun(_ name: String) throws {
    let golden = try Golden("schedules/\(name)")
    let scheduler = try golden.config(as: SchedulerConfiguration.self).scheduler(steps: 5)
    let generator = try Generator(seed: 7)
    let noise = try generator.normal([1, 4, 3, 5])
    let begin = 2 * scheduler.order
    let clean = try Golden("schedules/predictions").input("clean")
    let noised = try scheduler.addNoise(to: clean, noise: noise, at: begin)
    let samples = try walk(scheduler, from: noised, generator, begin: begin)
    let outputs = [
      "noised": noised, "begun": try .cat(samples.map { try $0.unsqueeze(0) }, dim: 0),
    ]
    #expect(try golden.differences(outputs: outputs, tolerance: tolerance(name)) == [])
  }

  @Test("Every sampler keeps the type of the prediction", arguments: SchedulerName.allCases)
  func types(_ name: SchedulerName) throws {
    let configuration = SchedulerConfiguration().replacingClass(with: name)
    let scheduler = try configuration.scheduler(steps: 5)
    let sample = try Generator(seed: 1).normal([1, 4, 3, 5]).to(.bfloat16)
    for sample in try walk(scheduler, from: sample, Generator(seed: 2)) {
      #expect(sample.dtype == .bfloat16)
      #expect(try sample.isFinite())
    }
  }

  /// The latent after each prediction from an index on.
  private func walk(
    _ scheduler: any Scheduler, from sample: Tensor, _ generator: Generator, begin: Int = 0
  ) throws -> [Tensor] {
    let predictions = try Golden("schedules/predictions").input("predictions").to(sample.dtype)
    var (scheduler, sample) = (scheduler, sample)
    return try scheduler.timesteps.indices.dropFirst(begin).map { index in
      let prediction = try predictions.select(
        dim: 0, index: (index - begin) % predictions.shape[0])
      sample = try scheduler.step(prediction, at: index, sample: sample, generator: generator)
      return sample
    }
  }

  private func sigmas(of scheduler: any Scheduler) -> [Float]? {
    switch scheduler {
    case let scheduler as DPMSolverMultistepScheduler: scheduler.sigmas
    case let scheduler as EulerAncestralDiscreteScheduler: scheduler.sigmas
    case let scheduler as HeunDiscreteScheduler: scheduler.sigmas
    case let scheduler as UniPCMultistepScheduler: scheduler.sigmas
    default: nil
    }
  }

  /// With zero terminal SNR the first level is 4096, where float32 values are 5e-4 apart.
  private func tolerance(_ name: String) -> Double { name.hasSuffix("zero-snr") ? 1e-4 : 1e-5 }
}
