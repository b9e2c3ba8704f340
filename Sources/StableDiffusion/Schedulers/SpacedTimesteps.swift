/// The timesteps that samplers visit, largest first (Lin et al. 2023, table 2), computed as in
/// numpy.
enum SpacedTimesteps {
  /// The timesteps of samplers that step between noise levels; `linspace` may give fractions.
  static func fractional(_ configuration: SchedulerConfiguration, steps: Int) -> [Double] {
    let count = configuration.numTrainTimesteps
    switch configuration.timestepSpacing {
    case .linspace:
      return linspace(0, Double(count - 1), count: steps).reversed().map { Double(Float($0)) }
    case .leading:
      return leading(configuration, ratio: count / steps, steps: steps)
    case .trailing:
      return trailing(from: count, ratio: Double(count) / Double(steps))
    }
  }

  /// The timesteps of samplers that look them up in a table: whole numbers.
  ///
  /// Throws `SchedulerError` if the first is beyond the training timesteps.
  static func whole(
    _ configuration: SchedulerConfiguration, steps: Int
  ) throws(SchedulerError) -> [Int] {
    let timesteps = fractional(configuration, steps: steps)
      .map { Int($0.rounded(.toNearestOrEven)) }
    guard timesteps[0] < configuration.numTrainTimesteps else {
      throw .timestep(timesteps[0], steps: steps, limit: configuration.numTrainTimesteps - 1)
    }
    return timesteps
  }

  /// The timesteps of multistep solvers: the whole numbers for one step more, without the lowest.
  ///
  /// - Parameter count: the number of training timesteps that are not too noisy to begin at.
  static func multistep(
    _ configuration: SchedulerConfiguration, below count: Int, steps: Int
  ) -> [Double] {
    switch configuration.timestepSpacing {
    case .linspace:
      return linspace(0, Double(count - 1), count: steps + 1).dropFirst().reversed()
        .map { $0.rounded(.toNearestOrEven) }
    case .leading:
      let ratio = count / (steps + 1)
      return leading(configuration, ratio: ratio, steps: steps + 1).dropLast()
    case .trailing:
      return trailing(
        from: count, ratio: Double(configuration.numTrainTimesteps) / Double(steps))
    }
  }

  /// numpy.linspace.
  static func linspace(_ start: Double, _ end: Double, count: Int) -> [Double] {
    guard count > 1 else { return [start] }
    let step = (end - start) / Double(count - 1)
    return (0..<count - 1).map { Double($0) * step + start } + [end]
  }

  private static func leading(
    _ configuration: SchedulerConfiguration, ratio: Int, steps: Int
  ) -> [Double] {
    (0..<steps).reversed().map { Double($0 * ratio + configuration.stepsOffset) }
  }

  /// numpy.arange(count, 0, -ratio). The length is rounded up, so that some numbers of steps give
  /// one timestep more, -1, as in diffusers.
  private static func trailing(from count: Int, ratio: Double) -> [Double] {
    let increment = (Double(count) - ratio) - Double(count)
    return (0..<Int((Double(count) / ratio).rounded(.up))).map { index in
      (Double(count) + Double(index) * increment).rounded(.toNearestOrEven) - 1
    }
  }
}
