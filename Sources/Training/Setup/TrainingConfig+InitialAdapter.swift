import Datasets
import NN
import Options

extension TrainingConfig {
  /// Uses kind, rank, alpha and layers of the adapter of `init_lora`, as far as it has them.
  mutating func take(_ adapter: InitialAdapter) {
    adaptation.adapter = adapter.method
    rank = adapter.rank ?? rank
    alpha = adapter.alpha ?? alpha
    if !adapter.targets.isEmpty { adaptation.targets = LayerTargets(adapter.targets) }
    adaptation.excludeTargets = []
    adaptation.layerRanks = LayerNumbers([:])
    adaptation.adapterInitialization = nil
    if !adapter.method.hasUpMatrix { optimization.loraPlusRatio = nil }
  }

  /// The values that the file of `init_lora` replaces.
  func replaced(by adapter: InitialAdapter) -> [DatasetProblem] {
    let defaults = Self()
    let schema = Self.schema
    let replaced = [
      (
        schema.key(of: \.adaptation.$adapter),
        adaptation.adapter != defaults.adaptation.adapter && adaptation.adapter != adapter.method
      ),
      (schema.key(of: \.$rank), rank != defaults.rank && adapter.rank.map { $0 != rank } == true),
      (
        schema.key(of: \.$alpha),
        alpha != Double(rank) && adapter.alpha.map { $0 != alpha } == true
      ),
      (
        schema.key(of: \.adaptation.$targets),
        adaptation.targets != defaults.adaptation.targets
          && adaptation.targets != LayerTargets(adapter.targets)
      ),
      (schema.key(of: \.adaptation.$excludeTargets), !adaptation.excludeTargets.isEmpty),
      (schema.key(of: \.adaptation.$layerRanks), !adaptation.layerRanks.numbers.isEmpty),
      (
        schema.key(of: \.adaptation.$adapterInitialization),
        adaptation.adapterInitialization != nil
      ),
      (
        schema.key(of: \.adaptation.$lokrFactor),
        adaptation.lokrFactor != -1 && adapter.method == .lokr
      ),
      (
        schema.key(of: \.adaptation.$lokrDecomposeBoth),
        adaptation.lokrDecomposeBoth && adapter.method == .lokr
      ),
    ]
    let notes = replaced.filter(\.1).map {
      DatasetProblem([], "`\($0.0)` has no effect, since it is that of the file of `init_lora`")
    }
    guard optimization.loraPlusRatio != nil, !adapter.method.hasUpMatrix else { return notes }
    let ratio = schema.key(of: \.optimization.$loraPlusRatio)
    return notes + [
      DatasetProblem(
        [],
        "`\(ratio)` has no effect, since the \(adapter.method.rawValue) of `init_lora` has no up matrix"
      )
    ]
  }
}
