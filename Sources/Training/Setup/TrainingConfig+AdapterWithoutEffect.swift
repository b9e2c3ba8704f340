import Datasets
import NN
import Options

extension TrainingConfig {
  /// The options of adapters that are set and change nothing.
  var adapterWithoutEffect: [DatasetProblem] {
    let defaults = Self()
    let standard = defaults.adaptation
    let schema = Self.schema
    typealias Setting = (key: String, isSet: Bool)
    let ofUNet: [Setting] = [
      (schema.key(of: \.adaptation.$targets), adaptation.targets != standard.targets),
      (schema.key(of: \.adaptation.$excludeTargets), !adaptation.excludeTargets.isEmpty),
      (schema.key(of: \.adaptation.$layerRanks), !adaptation.layerRanks.numbers.isEmpty),
      (schema.key(of: \.optimization.$layerRates), !optimization.layerRates.numbers.isEmpty),
    ]
    let ofLoKr: [Setting] = [
      (schema.key(of: \.adaptation.$lokrFactor), adaptation.lokrFactor != standard.lokrFactor),
      (schema.key(of: \.adaptation.$lokrDecomposeBoth), adaptation.lokrDecomposeBoth),
    ]
    let ofAll: [Setting] = [
      (schema.key(of: \.adaptation.$adapter), adaptation.adapter != standard.adapter),
      (schema.key(of: \.$rank), rank != defaults.rank),
      (schema.key(of: \.$alpha), alpha != Double(rank)),
      (schema.key(of: \.optimization.$loraPlusRatio), optimization.loraPlusRatio != nil),
      (
        schema.key(of: \.adaptation.$adapterInitialization),
        adaptation.adapterInitialization != nil
      ),
      (schema.key(of: \.adaptation.$adapterDropout), adaptation.adapterDropout > 0),
      (schema.key(of: \.adaptation.$rankDropout), adaptation.rankDropout > 0),
      (schema.key(of: \.adaptation.$moduleDropout), adaptation.moduleDropout > 0),
      (schema.key(of: \.adaptation.$scaleWeightNorms), adaptation.scaleWeightNorms != nil),
    ]
    let trainsNone = !text.trainUnet && text.trainTextEncoders == nil
    var unused: [(settings: [Setting], reason: String)] = []
    if !text.trainUnet { unused.append((ofUNet, "`train_unet` is false")) }
    if trainsNone {
      unused.append((ofAll + ofLoKr, "only the vectors of a word are trained"))
    } else if adaptation.adapter != .lokr {
      unused.append((ofLoKr, "only the adapter lokr uses it"))
    }
    return unused.flatMap { settings, reason in
      settings.filter(\.isSet).map { .withoutEffect($0.key, reason) }
    }
  }
}
