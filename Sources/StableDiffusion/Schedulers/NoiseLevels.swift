import Foundation

/// The timesteps of a sampler and the noise level at each, largest first. Computed in double
/// precision from the float32 noise schedule, as in diffusers with numpy.
struct NoiseLevels {
  /// The range of the Karras levels (Karras et al. 2022).
  enum KarrasRange {
    /// From the first to the last of the visited timesteps.
    case visited
    /// From the highest to the lowest level that the model was trained with.
    case trained
  }

  let timesteps: [Double]
  /// One level for each timestep, and the level at which sampling ends.
  let sigmas: [Double]

  /// The levels of the timesteps `spaced`, or `steps` Karras levels if the configuration has
  /// `useKarrasSigmas`.
  init(
    _ configuration: SchedulerConfiguration, at spaced: [Double], steps: Int, karras: KarrasRange
  ) {
    let trained = Self.trained(configuration)
    let levels = spaced.map { Self.interpolate(trained, at: $0) }
    let last = configuration.finalSigmasType == .zero ? 0 : Double(trained[0])
    guard configuration.useKarrasSigmas else {
      timesteps = spaced
      sigmas = levels + [last]
      return
    }
    let ends =
      switch karras {
      case .visited: (high: levels[0], low: levels[levels.count - 1])
      case .trained: (high: Double(trained[trained.count - 1]), low: Double(trained[0]))
      }
    let karras = Self.karrasSigmas(
      from: configuration.sigmaMax ?? ends.high, to: configuration.sigmaMin ?? ends.low,
      count: steps)
    let logs = trained.map { Double(log($0)) }
    timesteps = karras.map { Self.timestep(ofSigma: $0, logs: logs) }
    sigmas = karras + [last]
  }

  /// The level of each training timestep, lowest first.
  static func trained(_ configuration: SchedulerConfiguration) -> [Float] {
    var alphas = NoiseSchedule(configuration).alphasCumprod
    if configuration.rescaleBetasZeroSnr {
      // Close to zero but above it, so that the first level is finite.
      alphas[alphas.count - 1] = 0x1p-24
    }
    return alphas.map { ((1 - $0) / $0).squareRoot() }
  }

  /// The standard deviation of the noise that a sampler of the Euler family starts from.
  static func initNoiseSigma(_ sigmas: [Float], _ spacing: TimestepSpacing) -> Float {
    let largest = sigmas.reduce(0, max)
    return spacing == .leading ? (largest * largest + 1).squareRoot() : largest
  }

  /// The linearly interpolated value at a fractional place, constant beyond the ends.
  private static func interpolate(_ values: [Float], at place: Double) -> Double {
    let place = min(max(place, 0), Double(values.count - 1))
    let index = min(Int(place), values.count - 2)
    let low = Double(values[index])
    return (Double(values[index + 1]) - low) * (place - Double(index)) + low
  }

  /// Karras et al. 2022, equation 5, with rho 7.
  private static func karrasSigmas(
    from largest: Double, to smallest: Double, count: Int
  ) -> [Double] {
    let rho = 7.0
    let (low, high) = (pow(smallest, 1 / rho), pow(largest, 1 / rho))
    return SpacedTimesteps.linspace(0, 1, count: count).map { pow(high + $0 * (low - high), rho) }
  }

  /// The fractional timestep of a noise level, interpolated linearly in the level's logarithm.
  private static func timestep(ofSigma sigma: Double, logs: [Double]) -> Double {
    let wanted = log(max(sigma, 1e-10))
    let low = min(logs.lastIndex { $0 <= wanted } ?? 0, logs.count - 2)
    let weight = min(max((logs[low] - wanted) / (logs[low] - logs[low + 1]), 0), 1)
    return (1 - weight) * Double(low) + weight * Double(low + 1)
  }
}
