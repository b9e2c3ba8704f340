import Datasets
import Torch

/// Makes the noise of each sample, `[1, C, h, w]` in float32 on the CPU. All its numbers are drawn for the
/// sample alone, as pure functions of seed, step and sample, so a sample has the same noise in every batch.
struct SampleNoise: Sendable {
  private let options: ObjectiveOptions
  private let seed: UInt64

  init(_ options: ObjectiveOptions, seed: UInt64) {
    self.options = options
    self.seed = seed
  }

  /// The noise to predict, and the noise in the UNet's input if that is another.
  ///
  /// - Parameter latents: The scaled latents of the sample.
  func callAsFunction(
    on latents: Tensor, step: Int, sample: Int
  ) throws -> (target: Tensor, input: Tensor?) {
    try noise(on: latents, SampleDraws(seed: seed, step: step, sample: sample))
  }

  /// The same, from given random numbers.
  func noise(on latents: Tensor, _ draws: SampleDraws) throws -> (target: Tensor, input: Tensor?) {
    func strength(
      _ most: Double, isRandom: Bool, _ purpose: CounterRandom.Purpose
    ) -> Double {
      isRandom ? most * draws.share(purpose, 0) : most
    }
    var noise = try draws.normal(.noise)(latents.shape)
    if options.noiseOffset > 0 {
      noise = try Self.offset(
        noise, by: draws.normal(.noiseOffset)(Array(latents.shape[..<2]) + [1, 1]),
        strength: strength(
          options.noiseOffset, isRandom: options.noiseOffsetRandomStrength, .noiseOffsetStrength),
        adaptiveScale: options.adaptiveNoiseScale, latents: latents)
    }
    if options.multiresNoiseIterations > 0 {
      noise = try MultiresolutionNoise.adding(
        to: noise,
        ratios: (0..<options.multiresNoiseIterations).map {
          2 + 2 * draws.share(.multiresolutionNoise, $0)
        },
        discount: options.multiresNoiseDiscount, draw: draws.normal(.multiresolutionNoise))
    }
    guard options.inputPerturbation > 0 else { return (noise, nil) }
    let strength = strength(
      options.inputPerturbation, isRandom: options.perturbationRandomStrength,
      .perturbationStrength)
    return (noise, try noise + draws.normal(.inputPerturbation)(latents.shape) * strength)
  }

  /// Shifts the noise of each channel by a standard normal number times a strength (sd-scripts
  /// `apply_noise_offset`).
  ///
  /// - Parameters:
  ///   - draw: The numbers, `[B, C, 1, 1]`.
  ///   - adaptiveScale: Is added to the strength, times the size of the channel's mean latent.
  static func offset(
    _ noise: Tensor, by draw: Tensor, strength: Double, adaptiveScale: Double, latents: Tensor
  ) throws(TorchError) -> Tensor {
    guard adaptiveScale != 0 else { return try noise + draw * strength }
    let means = try latents.mean(dims: [2, 3], keepDim: true).abs()  // [B, C, 1, 1]
    return try noise + (means * adaptiveScale + strength).clamp(min: 0) * draw
  }
}

/// The random numbers of a sample.
struct SampleDraws {
  /// Returns a source of standard normal numbers of a shape, each time new ones.
  let normal: (CounterRandom.Purpose) throws -> (_ shape: [Int]) throws -> Tensor
  /// Returns a number from 0 to 1. Multi-resolution noise has one for each layer, from 0.
  let share: (CounterRandom.Purpose, _ layer: Int) -> Double
}

extension SampleDraws {
  /// Those of a sample in a step, as pure functions of the three numbers.
  init(seed: UInt64, step: Int, sample: Int) {
    func value(_ purpose: CounterRandom.Purpose) -> UInt64 {
      CounterRandom.value(seed: seed, step: step, sample: sample, purpose: purpose)
    }
    normal = { try Generator(seed: value($0)).normal }
    share = { purpose, layer in
      purpose == .multiresolutionNoise
        ? CounterRandom.share(seed: value(purpose), step: layer, sample: 0, purpose: purpose)
        : CounterRandom.share(seed: seed, step: step, sample: sample, purpose: purpose)
    }
  }
}
