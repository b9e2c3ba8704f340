import NN
import StableDiffusion

extension TrainingConfig {
  /// The layers of the UNet that get an adapter.
  var adaptedLayers: LayerSelection {
    LayerSelection(adaptation.targets.patterns, except: adaptation.excludeTargets)
  }

  /// The rank of a layer's adapter.
  func rank(of path: String) -> Int { adaptation.layerRanks.values[path] ?? rank }

  /// The settings of a layer's adapter. Alpha keeps its ratio to the rank.
  func adapterSettings(of path: String) -> AdapterSettings {
    let own = self.rank(of: path)
    return AdapterSettings(rank: own, alpha: alpha * Double(own) / Double(rank))
  }

  /// The paths of the adapted layers of a UNet. Throws `AdapterError` for a pattern that matches none.
  func adapterPaths(in unet: UNet2DConditionModel) throws(AdapterError) -> [String] {
    let paths = try unet.adapterPaths(in: adaptedLayers)
    try adaptation.layerRanks.values.check(against: paths)
    try optimization.layerRates.values.check(against: paths)
    return paths
  }
}
