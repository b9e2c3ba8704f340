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
    func generator(_ purpose: CounterRandom.Purpose) throws(TorchError) -> Generator {
      try Generator(
        seed: CounterRandom.value(seed: seed, step: step, sample: sample, purpose: purpose))
    }
    func strength(
      _ most: Double, isRandom: Bool, _ purpose: CounterRandom.Purpose
    ) -> Double {
      isRandom
        ? most * CounterRandom.share(seed: seed, step: step, sample: sample, purpose: purpose)
        : most
    }
    var noise = try generator(.noise).normal(latents.shape)
    if options.noiseOffset > 0 {
      noise = try Self.offset(
        noise, by: generator(.noiseOffset).normal(Array(latents.shape[..<2]) + [1, 1]),
        strength: strength(
          options.noiseOffset, isRandom: options.noiseOffsetRandomStrength, .noiseOffsetStrength),
        adaptiveScale: options.adaptiveNoiseScale, latents: latents)
    }
    if options.multiresNoiseIterations > 0 {
      noise = try multiresolution(noise, step: step, sample: sample)
    }
    guard options.inputPerturbation > 0 else { return (noise, nil) }
    let strength = strength(
      options.inputPerturbation, isRandom: options.perturbationRandomStrength,
      .perturbationStrength)
    let further = try generator(.inputPerturbation).normal(latents.shape)
    return (noise, try noise + further * strength)
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

  private func multiresolution(_ noise: Tensor, step: Int, sample: Int) throws -> Tensor {
    let value = CounterRandom.value(
      seed: seed, step: step, sample: sample, purpose: .multiresolutionNoise)
    let ratios = (0..<options.multiresNoiseIterations).map { layer in
      2 + 2
        * CounterRandom.share(seed: value, step: layer, sample: 0, purpose: .multiresolutionNoise)
    }
    let generator = try Generator(seed: value)
    return try MultiresolutionNoise.adding(
      to: noise, ratios: ratios, discount: options.multiresNoiseDiscount, draw: generator.normal)
  }
}
