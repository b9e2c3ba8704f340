/// Random numbers as a pure function of their purpose, step and sample.
///
/// There is no state to save or restore: the draw for a given (seed, step, sample, purpose) is the
/// same in every process, before and after a resume, and no draw depends on other draws.
/// The numbers are a counter-based hash: each word is folded in with the 64-bit finalizer of
/// SplitMix64 (Steele, Lea, Flood 2014; constants by Stafford, variant 13), so neighbouring
/// counters give unrelated values and the low 32 bits, which are all that libtorch's CPU generator
/// uses of a seed, are as good as the high ones.
public enum CounterRandom {
  /// What a draw is for. The numbers are part of every run's arithmetic: never change one.
  public enum Purpose: UInt64, Sendable {
    /// Order of the images in an epoch.
    case order = 1
    /// Noise added to the latents.
    case noise = 2
    /// Timestep of the diffusion process.
    case timestep = 3
    /// Sample from the VAE's posterior.
    case latent = 4
    /// Initial values of an adapter.
    case adapter = 5
    /// Initial noise of a class image.
    case classImage = 6
    /// Order of the class images in one of their epochs.
    case classOrder = 7
    /// Noise added to a validation image.
    case validationNoise = 8
    /// Place of a random crop in an epoch.
    case crop = 9
    /// Whether a sample is mirrored.
    case flip = 10
    /// Which of an image's captions a sample uses.
    case captionLine = 11
    /// Order of the parts of a caption.
    case captionOrder = 12
    /// Whether a sample has an empty caption.
    case captionDropout = 13
    /// Which of a dataset's images are for validation.
    case validationChoice = 14
    /// Initial values of a text encoder's adapter; the step is the encoder's number.
    case textAdapter = 15
    /// Initial vectors of a new word; the step is the encoder's number.
    case embedding = 16
    /// Shift of a sample's noise in each channel.
    case noiseOffset = 20
    /// Strength of that shift.
    case noiseOffsetStrength = 21
    /// Coarse parts of a sample's noise, and their sizes.
    case multiresolutionNoise = 22
    /// Further noise in the UNet's input.
    case inputPerturbation = 23
    /// Strength of that noise.
    case perturbationStrength = 24
    /// Which class prompt a sample has.
    case classPrompt = 25
    /// Whether a sample has no text condition at all.
    case conditioningDropout = 26
    /// The values inside an adapter that are left out; the adapter takes the place of the sample.
    case adapterDropout = 27
    /// The ranks of an adapter that are left out.
    case rankDropout = 28
    /// Whether an adapter is left out.
    case moduleDropout = 29
  }

  /// A 64-bit draw.
  ///
  /// - Parameters:
  ///   - seed: The run's seed.
  ///   - step: Optimizer step, or epoch for the order.
  ///   - sample: Number of the sample in the step, counted over all accumulated passes.
  ///   - purpose: What the number is for.
  public static func value(seed: UInt64, step: Int, sample: Int, purpose: Purpose) -> UInt64 {
    [purpose.rawValue, UInt64(bitPattern: Int64(step)), UInt64(bitPattern: Int64(sample))]
      .reduce(mix(seed)) { state, word in mix(state ^ word) }
  }

  /// A draw from 0 ..< `bound`. The bias, `bound` / 2^64, is below anything measurable.
  public static func index(
    below bound: Int, seed: UInt64, step: Int, sample: Int, purpose: Purpose
  ) -> Int {
    let value = value(seed: seed, step: step, sample: sample, purpose: purpose)
    return Int(value.multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// A draw of at least 0 and below 1, of 53 bits.
  public static func share(seed: UInt64, step: Int, sample: Int, purpose: Purpose) -> Double {
    Double(value(seed: seed, step: step, sample: sample, purpose: purpose) >> 11) * 0x1p-53
  }

  private static func mix(_ word: UInt64) -> UInt64 {
    var z = word &+ 0x9e37_79b9_7f4a_7c15
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
