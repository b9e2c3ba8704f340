import NN
import StableDiffusion

extension TrainingConfig {
  /// The layers of the UNet that get an adapter.
  var adaptedLayers: LayerSelection {
    LayerSelection(adaptation.targets.patterns, except: adaptation.excludeTargets)
  }

  /// The rank of a layer's adapter.
  package func rank(of path: String) -> Int { adaptation.layerRanks.values[path] ?? rank }

  /// The settings of a layer's adapter. A layer with another rank has the same factor on its change.
  func adapterSettings(of path: String) -> AdapterSettings {
    let own = self.rank(of: path)
    let ratio = Double(own) / Double(rank)
    var settings = AdapterSettings(
      rank: own, alpha: alpha * (adaptation.adapter == .rslora ? ratio.squareRoot() : ratio))
    settings.initialization = adaptation.adapterInitialization
    settings.factor = adaptation.lokrFactor
    settings.decomposesBoth = adaptation.lokrDecomposeBoth
    return adaptation.adapter.settings(settings)
  }

  /// The dropout of the adapters; nil without.
  var adapterDropout: AdapterDropout? {
    let rates = DropoutRates(
      values: adaptation.adapterDropout, ranks: adaptation.rankDropout,
      modules: adaptation.moduleDropout)
    return rates == DropoutRates() ? nil : AdapterDropout(rates)
  }

  /// What the adapter of a layer takes.
  func adapterMemory(of path: String, shape: [Int]) -> AdapterMemory {
    let settings = adapterSettings(of: path)
    let kind = adaptation.adapter.kind
    let memory = kind.memory(of: shape, settings: settings)
    guard adapterDropout != nil else { return memory }
    return memory.dropping(
      adaptation.adapterDropout > 0 ? kind.dropoutPlace : nil, of: shape, rank: settings.rank)
  }

  /// The paths of the adapted layers of a UNet. Throws `AdapterError` for a pattern that matches none, and
  /// for settings that a layer cannot have.
  func adapterPaths(in unet: UNet2DConditionModel) throws(AdapterError) -> [String] {
    let paths = try unet.adapterPaths(in: adaptedLayers)
    try adaptation.layerRanks.values.check(against: paths)
    try optimization.layerRates.values.check(against: paths)
    let adapted = Set(paths)
    for (path, shape) in unet.adaptableLayers() where initLora == nil && adapted.contains(path) {
      try adaptation.adapter.check(adapterSettings(of: path), for: shape)
    }
    return paths
  }

  /// What the adapters of a UNet take, by the paths of their layers; none if it is not trained. Throws
  /// `AdapterError` as `adapterPaths(in:)` does.
  func adapterMemory(
    in unet: UNet2DConditionModel
  ) throws(AdapterError) -> [String: AdapterMemory] {
    let paths = Set(try adapterPaths(in: unet))
    guard text.trainUnet else { return [:] }
    let layers = unet.adaptableLayers().filter { paths.contains($0.path) }
    return Dictionary(
      uniqueKeysWithValues: layers.map { ($0.path, adapterMemory(of: $0.path, shape: $0.shape)) })
  }
}
