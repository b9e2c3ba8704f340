import Datasets
import Options

extension TrainingConfig {
  /// The options of loss and noise that are set and change nothing.
  var objectiveWithoutEffect: [DatasetProblem] {
    let (own, defaults) = (objective, Self().objective)
    var notes: [DatasetProblem] = []
    func note<Value: Equatable>(
      _ path: KeyPath<ObjectiveOptions, Option<Value>>, unless isUsed: Bool, _ reason: String
    ) {
      let key = Self.schema.key(of: (\Self.objective).appending(path: path))
      guard !isUsed, own[keyPath: path] != defaults[keyPath: path] else { return }
      notes.append(.withoutEffect(key, reason))
    }
    let hasThreshold = own.loss == .huber || own.loss == .smoothL1
    let loss = "`loss` is \(own.loss.rawValue)"
    note(\.$huberC, unless: hasThreshold, loss)
    note(\.$huberSchedule, unless: hasThreshold, loss)
    note(
      \.$huberScale, unless: hasThreshold && own.huberSchedule != .snr,
      hasThreshold ? "`huber_schedule` is snr" : loss)
    note(\.$noiseOffsetRandomStrength, unless: own.noiseOffset > 0, "`noise_offset` is 0")
    note(
      \.$multiresNoiseDiscount, unless: own.multiresNoiseIterations > 0,
      "`multires_noise_iterations` is 0")
    note(
      \.$perturbationRandomStrength, unless: own.inputPerturbation > 0,
      "`input_perturbation` is 0")
    let isUniform = "`timestep_distribution` is uniform"
    note(\.$timestepScale, unless: own.timestepDistribution != .uniform, isUniform)
    note(\.$timestepBias, unless: own.timestepDistribution != .uniform, isUniform)
    return notes
  }
}
