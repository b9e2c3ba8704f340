import Foundation

extension DPMSolverMultistepScheduler {
  /// The factors of one step on the latent, on the clean latent and its differences, and on the
  /// noise (Lu et al. 2022, algorithm 2 and appendix; the stochastic form follows its section on
  /// SDEs).
  struct Update {
    let sample: Float
    let differences: [Float]
    let noise: Float

    init(_ scheduler: DPMSolverMultistepScheduler, at index: Int, order: Int) {
      let (from, to) = (scheduler.level(index), scheduler.level(index + 1))
      let alpha = to.alpha
      let step = to.lambda - from.lambda
      // The third order has Heun's second term for every solver type.
      let isHeun = order > 2 || scheduler.configuration.solverType == .heun
      switch scheduler.configuration.algorithmType {
      case .dpmSolverPlusPlus, .deis:
        let decay = exp(-step) - 1
        sample = to.sigma / from.sigma
        differences = [
          -(alpha * decay), isHeun ? alpha * (decay / step + 1) : -0.5 * (alpha * decay),
          -(alpha * ((decay + step) / (step * step) - 0.5)),
        ]
        noise = 0
      case .sdeDPMSolverPlusPlus:
        let decay = 1 - exp(-2 * step)
        let double = 2 * step
        sample = to.sigma / from.sigma * exp(-step)
        differences = [
          alpha * decay, isHeun ? alpha * (decay / -double + 1) : 0.5 * (alpha * decay),
          alpha * ((decay - double) / (double * double) - 0.5),
        ]
        noise = to.sigma * decay.squareRoot()
      }
    }
  }
}

extension NoiseLevels {
  /// Throws `SchedulerError.repeatedTimestep` if two neighbouring levels are equal.
  func checkDistinct() throws(SchedulerError) {
    if zip(sigmas, sigmas.dropFirst().dropLast()).contains(where: { $0 == $1 }) {
      throw .repeatedTimestep(steps: timesteps.count)
    }
  }
}
