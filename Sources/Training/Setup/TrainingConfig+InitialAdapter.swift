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
    typealias Setting = (key: String, isReplaced: Bool)
    let always: [Setting] = [
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
        !adapter.targets.isEmpty && adaptation.targets != defaults.adaptation.targets
          && adaptation.targets != LayerTargets(adapter.targets)
      ),
    ]
    let ofUNet: [Setting] = [
      (schema.key(of: \.adaptation.$excludeTargets), !adaptation.excludeTargets.isEmpty),
      (schema.key(of: \.adaptation.$layerRanks), !adaptation.layerRanks.numbers.isEmpty),
    ]
    // A text encoder that the file lacks gets new adapters with these.
    let ofNew: [Setting] = [
      (
        schema.key(of: \.text.$textEncoderTargets),
        text.trainTextEncoders != nil
          && text.textEncoderTargets != defaults.text.textEncoderTargets
      ),
      (
        schema.key(of: \.adaptation.$lokrFactor),
        adaptation.lokrFactor != defaults.adaptation.lokrFactor && adapter.method == .lokr
      ),
      (
        schema.key(of: \.adaptation.$lokrDecomposeBoth),
        adaptation.lokrDecomposeBoth && adapter.method == .lokr
      ),
    ]
    let replaced = always + (adapter.isComplete ? ofNew : [])
    let used = "that of the file of `init_lora` is used"
    let notes =
      replaced.filter(\.isReplaced).map { DatasetProblem.withoutEffect($0.key, used) }
      + ofUNet.filter(\.isReplaced).map {
        .withoutEffect($0.key, adapter.targets.isEmpty ? "`train_unet` is false" : used)
      }
    let others: [(Setting, reason: String)] = [
      (
        (
          schema.key(of: \.adaptation.$adapterInitialization),
          adaptation.adapterInitialization != nil
        ), "the training starts with the values of `init_lora`"
      ),
      (
        (
          schema.key(of: \.optimization.$loraPlusRatio),
          optimization.loraPlusRatio != nil && !adapter.method.hasUpMatrix
        ), "the \(adapter.method.rawValue) of `init_lora` has no up matrix"
      ),
    ]
    return notes
      + others.filter(\.0.isReplaced).map { .withoutEffect($0.0.key, $0.reason) }
  }
}
