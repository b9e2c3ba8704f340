import StableDiffusion
import TestSupport
import Testing
import Torch

/// The noise schedule and the Euler sampler against diffusers' own values.
@Suite struct SchedulerGoldenTests {
  @Test(
    "The noise schedule and its derived values equal diffusers', also with zero terminal SNR",
    arguments: ["ddpm", "ddpm-zero-snr"])
  func noiseSchedule(_ name: String) throws {
    let golden = try Golden("schedules/\(name)")
    let configuration = try golden.config(as: SchedulerConfiguration.self)
    let schedule = NoiseSchedule(configuration)
    let (sample, noise) = (try golden.input("sample"), try golden.input("noise"))
    let timesteps = try golden.input("timesteps").int64s().map { Int($0) }
    let outputs = [
      "add_noise": try schedule.addNoise(to: sample, noise: noise, timesteps: timesteps),
      "velocity": try schedule.velocity(of: sample, noise: noise, timesteps: timesteps),
      "snr": try Tensor((0..<schedule.count).map(schedule.snr), shape: [schedule.count]),
      "alphas_cumprod": try Tensor(schedule.alphasCumprod, shape: [schedule.count]),
    ]
    #expect(try golden.differences(outputs: outputs) == [])
  }

  @Test("SDXL's training schedule equals diffusers', bit for bit")
  func exact() throws {
    let golden = try Golden("schedules/ddpm")
    let schedule = NoiseSchedule(try golden.config(as: SchedulerConfiguration.self))
    #expect(try schedule.alphasCumprod == golden.tensor("out.alphas_cumprod").floats())
  }

  @Test(
    "Min-SNR weights are those of Hang et al. for epsilon and for velocity",
    arguments: [
      ("ddpm", PredictionType.epsilon, "epsilon"), ("ddpm", .vPrediction, "v"),
      ("ddpm-zero-snr", .vPrediction, "v"),
    ])
  func minSNRWeights(_ name: String, _ type: PredictionType, _ key: String) throws {
    let golden = try Golden("schedules/\(name)")
    var configuration = try golden.config(as: SchedulerConfiguration.self)
    configuration.predictionType = type
    let schedule = NoiseSchedule(configuration)
    let weights = (0..<schedule.count).map { schedule.minSNRWeight($0, gamma: 5) }
    let output = try Tensor(weights, shape: [schedule.count])
    #expect(try golden.differences(outputs: ["min_snr_weights.\(key)": output]) == [])
  }

  @Test("The target follows the prediction type")
  func target() throws {
    let sample = try Tensor([1, 2] as [Float], shape: [1, 2])
    let noise = try Tensor([3, 4] as [Float], shape: [1, 2])
    var configuration = SchedulerConfiguration()
    func target(_ type: PredictionType) throws -> [Float] {
      configuration.predictionType = type
      return try NoiseSchedule(configuration)
        .target(of: sample, noise: noise, timesteps: [500]).floats()
    }
    let velocity = try NoiseSchedule(configuration)
      .velocity(of: sample, noise: noise, timesteps: [500]).floats()
    #expect(try target(.epsilon) == [3, 4])
    #expect(try target(.sample) == [1, 2])
    #expect(try target(.vPrediction) == velocity)
  }

  static let euler = [
    "euler-leading", "euler-leading-karras", "euler-leading-v", "euler-linspace",
    "euler-linspace-v", "euler-trailing", "euler-trailing-karras", "euler-trailing-v-zero-snr",
  ]

  @Test("Timesteps and noise levels equal diffusers' at 1, 5, 20 and 30 steps", arguments: euler)
  func noiseLevels(_ name: String) throws {
    let golden = try Golden("schedules/\(name)")
    let configuration = try golden.config(as: SchedulerConfiguration.self)
    for steps in [1, 5, 20, 30] {
      let scheduler = try EulerDiscreteScheduler(configuration, steps: steps)
      let outputs = [
        "timesteps.\(steps)": try Tensor(scheduler.timesteps, shape: [scheduler.timesteps.count]),
        "sigmas.\(steps)": try Tensor(scheduler.sigmas, shape: [scheduler.sigmas.count]),
        "init_noise_sigma.\(steps)": try Tensor([scheduler.initNoiseSigma], shape: []),
      ]
      #expect(try golden.differences(outputs: outputs) == [])
    }
  }

  @Test("A trajectory of 5 steps with given predictions equals diffusers'", arguments: euler)
  func trajectory(_ name: String) throws {
    let golden = try Golden("schedules/\(name)")
    var scheduler = try golden.config(as: SchedulerConfiguration.self).scheduler(steps: 5)
    let predictions = try golden.input("predictions")
    let generator = try Generator(seed: 0)
    var sample = try golden.input("noise") * Double(scheduler.initNoiseSigma)
    var scaled: [Tensor] = []
    var samples: [Tensor] = []
    for index in scheduler.timesteps.indices {
      scaled.append(try scheduler.scaleModelInput(sample, at: index).unsqueeze(0))
      sample = try scheduler.step(
        predictions.select(dim: 0, index: index), at: index, sample: sample,
        generator: generator)
      samples.append(try sample.unsqueeze(0))
    }
    let outputs = [
      "scaled": try Tensor.cat(scaled, dim: 0), "samples": try Tensor.cat(samples, dim: 0),
    ]
    // With zero terminal SNR the first level is 4096, where float32 values are 5e-4 apart. The
    // tolerance allows one rounding there.
    let tolerance = name.hasSuffix("zero-snr") ? 1e-4 : 1e-5
    #expect(try golden.differences(outputs: outputs, tolerance: tolerance) == [])
  }

  @Test("The latent keeps the type of the prediction, and the step is computed in float32")
  func halfPrecision() throws {
    let scheduler = try EulerDiscreteScheduler(SchedulerConfiguration(), steps: 5)
    let sample = try Tensor([0.5, -2] as [Float], shape: [1, 2]).to(.bfloat16)
    let stepped = try scheduler.step(
      sample, at: 0, sample: sample, generator: Generator(seed: 0))
    #expect(stepped.dtype == .bfloat16)
  }

  @Test(
    "Too many or too few steps are refused with the limit",
    arguments: SchedulerName.allCases)
  func steps(_ name: SchedulerName) throws {
    let configuration = SchedulerConfiguration().replacingClass(with: name)
    let limit = name == .lcm ? 50 : 1000
    for steps in [-1, 0, 1001] {
      #expect(throws: SchedulerError.steps(steps, limit: limit)) {
        try configuration.scheduler(steps: steps)
      }
    }
    #expect(try configuration.scheduler(steps: 1).timesteps.count == 1)
    #expect("\(SchedulerError.steps(0, limit: 1000))".contains("from 1 to 1000"))
  }

  @Test("All of SDXL's 1000 timesteps are drawn, or refused if diffusers would fail")
  func allTimesteps() throws {
    let configuration = try Golden("schedules/euler-leading").config(
      as: SchedulerConfiguration.self)
    let errors: [SchedulerName: SchedulerError] = [
      .ddim: .timestep(1000, steps: 1000, limit: 999),
      .ddpm: .timestep(1000, steps: 1000, limit: 999),
      .dpm2M: .repeatedTimestep(steps: 1000), .dpm2MSDE: .repeatedTimestep(steps: 1000),
      .unipc: .repeatedTimestep(steps: 1000), .lcm: .steps(1000, limit: 50),
    ]
    for name in SchedulerName.allCases {
      let other = configuration.replacingClass(with: name)
      if let error = errors[name] {
        #expect(throws: error) { try other.scheduler(steps: 1000) }
        #expect("\(error)".contains("1000 steps"))
      } else {
        let scheduler = try other.scheduler(steps: 1000)
        #expect(scheduler.timesteps.count == 1000 * scheduler.order - (scheduler.order - 1))
      }
      #expect(try other.scheduler(steps: 50).timesteps.count >= 50)
    }
  }

  @Test("A sampler is found by each of its usual spellings")
  func names() {
    #expect(SchedulerName("DPM++ 2M Karras") == .dpm2MKarras)
    #expect(SchedulerName("dpmpp_2m") == .dpm2M)
    #expect(SchedulerName("dpm++-sde-2m-karras") == .dpm2MSDEKarras)
    #expect(SchedulerName("Euler a") == .eulerAncestral)
    #expect(SchedulerName("euler_ancestral") == .eulerAncestral)
    #expect(SchedulerName("UniPC") == .unipc)
    #expect(SchedulerName("pndm") == nil)
    for name in SchedulerName.allCases { #expect(SchedulerName(name.rawValue) == name) }
  }

  @Test("A sampler that is not implemented is refused by name")
  func unknownClass() {
    var configuration = SchedulerConfiguration()
    configuration.className = "PNDMScheduler"
    #expect(throws: SchedulerError.unknownClass("PNDMScheduler")) {
      try configuration.scheduler(steps: 5)
    }
  }
}
