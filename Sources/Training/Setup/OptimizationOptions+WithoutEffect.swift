import Datasets
import NN
import Options

extension OptimizationOptions {
  /// The constants that are set and that the optimizer or the schedule does not have.
  var withoutEffect: [DatasetProblem] {
    let defaults = TrainingConfig().optimization
    func changed<Value: Equatable>(_ path: KeyPath<Self, Value>) -> Bool {
      self[keyPath: path] != defaults[keyPath: path]
    }
    let schema = TrainingConfig.schema
    let shape = learningRateSchedule
    let ofAdam = optimizer != .adafactor
    let standardBeta2 = optimizer == .lion ? 0.99 : defaults.beta2
    let unused: [(key: String, isUnused: Bool, owner: String)] = [
      (
        schema.key(of: \.optimization.$learningRateCycles),
        changed(\.learningRateCycles) && shape != .cosineWithRestarts,
        "the schedule cosine-with-restarts"
      ),
      (
        schema.key(of: \.optimization.$learningRatePower),
        changed(\.learningRatePower) && shape != .polynomial, "the schedule polynomial"
      ),
      (
        schema.key(of: \.optimization.$beta1), changed(\.beta1) && !ofAdam,
        "optimizers other than adafactor"
      ),
      (
        schema.key(of: \.optimization.$beta2), beta2 != standardBeta2 && !ofAdam,
        "optimizers other than adafactor"
      ),
      (
        schema.key(of: \.optimization.$epsilon),
        changed(\.epsilon) && (!ofAdam || optimizer == .lion),
        "optimizers other than lion and adafactor"
      ),
      (
        schema.key(of: \.optimization.$adafactorScaleParameter),
        adafactorScaleParameter != adafactorRelativeStep && ofAdam, "adafactor"
      ),
      (
        schema.key(of: \.optimization.$adafactorRelativeStep),
        changed(\.adafactorRelativeStep) && ofAdam, "adafactor"
      ),
    ]
    let ofProdigy = [
      (schema.key(of: \.optimization.$prodigyD0), changed(\.prodigyD0)),
      (schema.key(of: \.optimization.$prodigyDCoef), changed(\.prodigyDCoef)),
      (schema.key(of: \.optimization.$prodigyGrowthRate), changed(\.prodigyGrowthRate)),
      (schema.key(of: \.optimization.$prodigySafeguardWarmup), changed(\.prodigySafeguardWarmup)),
      (schema.key(of: \.optimization.$prodigyBiasCorrection), changed(\.prodigyBiasCorrection)),
    ].map { (key: $0.0, isUnused: $0.1 && optimizer != .prodigy, owner: "prodigy") }
    return (unused + ofProdigy).filter(\.isUnused).map {
      .withoutEffect($0.key, "only \($0.owner) uses it")
    }
  }
}
