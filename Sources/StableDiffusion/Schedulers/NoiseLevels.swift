import Foundation

/// Where a sampler of the Euler family steps: timesteps and the noise level at each, largest first.
/// Computed in double precision from the float32 noise schedule, as diffusers computes it with
/// numpy.
struct NoiseLevels {
  let timesteps: [Double]
  /// One more than the timesteps: the last is the level that sampling ends at.
  let sigmas: [Double]

  init(_ configuration: SchedulerConfiguration, steps: Int) {
    var alphas = NoiseSchedule(configuration).alphasCumprod
    if configuration.rescaleBetasZeroSnr {
      // Near zero and not zero, so that the first level is finite.
      alphas[alphas.count - 1] = 0x1p-24
    }
    let trained = alphas.map { ((1 - $0) / $0).squareRoot() }
    let spaced = Self.spacedTimesteps(configuration, steps: steps)
    let levels = spaced.map { Self.interpolate(trained, at: $0) }
    let last = configuration.finalSigmasType == .zero ? 0 : Double(trained[0])
    if configuration.useKarrasSigmas {
      let smallest = configuration.sigmaMin ?? levels[levels.count - 1]
      let largest = configuration.sigmaMax ?? levels[0]
      let karras = Self.karrasSigmas(from: largest, to: smallest, count: steps)
      let logs = trained.map { Double(log($0)) }
      timesteps = karras.map { Self.timestep(ofSigma: $0, logs: logs) }
      sigmas = karras + [last]
    } else {
      timesteps = spaced
      sigmas = levels + [last]
    }
  }

  private static func spacedTimesteps(
    _ configuration: SchedulerConfiguration, steps: Int
  ) -> [Double] {
    let count = configuration.numTrainTimesteps
    switch configuration.timestepSpacing {
    case .linspace:
      return linspace(0, Double(count - 1), count: steps).reversed().map { Double(Float($0)) }
    case .leading:
      let ratio = count / steps
      return (0..<steps).reversed().map { Double($0 * ratio + configuration.stepsOffset) }
    case .trailing:
      // numpy.arange(count, 0, -ratio): its length is rounded up, so that for a few numbers of
      // steps there is one more, at timestep -1, in diffusers as here.
      let ratio = Double(count) / Double(steps)
      let increment = (Double(count) - ratio) - Double(count)
      return (0..<Int((Double(count) / ratio).rounded(.up))).map { index in
        (Double(count) + Double(index) * increment).rounded(.toNearestOrEven) - 1
      }
    }
  }

  private static func linspace(_ start: Double, _ end: Double, count: Int) -> [Double] {
    guard count > 1 else { return [start] }
    let step = (end - start) / Double(count - 1)
    return (0..<count - 1).map { Double($0) * step + start } + [end]
  }

  /// The value at a fractional place, the ends continued.
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
    return linspace(0, 1, count: count).map { pow(high + $0 * (low - high), rho) }
  }

  /// The fractional timestep that has a noise level, linear in its logarithm.
  private static func timestep(ofSigma sigma: Double, logs: [Double]) -> Double {
    let wanted = log(max(sigma, 1e-10))
    let low = min(logs.lastIndex { $0 <= wanted } ?? 0, logs.count - 2)
    let weight = min(max((logs[low] - wanted) / (logs[low] - logs[low + 1]), 0), 1)
    return (1 - weight) * Double(low) + weight * Double(low + 1)
  }
}
