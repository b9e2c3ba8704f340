import StableDiffusion

/// How the loss of a sample is weighted by its timestep.
enum TimestepWeighting: Sendable, Equatable {
  /// Equally.
  case none
  /// min-SNR (Hang et al. 2023).
  case minSNR(gamma: Double)
  /// Debiased estimation (Yu et al. 2023).
  case debiased
  /// P2 (Choi et al. 2022).
  case p2(gamma: Double)

  /// The weighting of a configuration, which sets one at most.
  init(_ options: ObjectiveOptions) {
    if let gamma = options.minSNRGamma {
      self = .minSNR(gamma: gamma)
    } else if options.debiasedEstimation {
      self = .debiased
    } else {
      self = options.p2Gamma.map { .p2(gamma: $0) } ?? .none
    }
  }

  /// The weight of each timestep; nil for equal weights.
  func weights(_ timesteps: [Int], _ schedule: NoiseSchedule) -> [Float]? {
    switch self {
    case .none: nil
    case .minSNR(let gamma): timesteps.map { schedule.minSNRWeight($0, gamma: Float(gamma)) }
    case .debiased: timesteps.map(schedule.debiasedWeight)
    case .p2(let gamma): timesteps.map { schedule.p2Weight($0, gamma: Float(gamma)) }
    }
  }
}
