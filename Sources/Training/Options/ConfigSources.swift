package import Foundation
import NN
package import Options

/// The files and flags that the configuration of a run is made from, before its values are read.
package struct ConfigSources {
  /// The folder with `default.yaml`, below the current folder.
  package static var folder: URL { URL(fileURLWithPath: "Configs", isDirectory: true) }

  /// The files that were read, and those that look like configurations and were not.
  package let files: ConfigFiles

  private let common: OptionLayers<TrainingConfig>
  /// The subject's file or the given one, and the flags. `default.yaml` does not count as set by the
  /// user, since it may contain every option.
  private let own: OptionLayers<TrainingConfig>

  /// Reads the files of ``TrainingConfig/load(_:file:folder:needsSubject:)``. Throws `ConfigError`.
  ///
  /// - Parameter others: Folders where the user may have put files that are not read.
  package init(
    _ overrides: OptionOverrides<TrainingConfig>,
    file: URL? = nil,
    folder: URL = ConfigSources.folder,
    not others: [URL] = []
  ) throws(ConfigError) {
    var files = ConfigFiles(
      of: overrides.text(of: \.$subject), given: file, in: folder, not: others)
    var common = OptionLayers<TrainingConfig>()
    if let file = files.common { try common.add(fileAt: file) }
    try common.settleLength()
    var own = OptionLayers<TrainingConfig>()
    if let url = files.own { try own.add(fileAt: url, isGiven: file != nil) }
    try own.settleLength()
    var flags = OptionLayers<TrainingConfig>()
    flags.add(overrides)
    try flags.settleLength()
    own.add(flags)
    self.own = own
    if let recipe = try Self.recipe(own, over: common, in: folder) {
      files.recipe = recipe.file ?? "the recipe \(recipe.name)"
      var layers = try recipe.layers()
      try layers.settleLength()
      layers.removeWhatBelongsToOthers(own, over: common)
      common.add(layers)
    }
    self.files = files
    self.common = common
  }

  /// The recipe that is set; nil for none. Throws `ConfigError` if there is none of its name.
  private static func recipe(
    _ own: OptionLayers<TrainingConfig>, over common: OptionLayers<TrainingConfig>, in folder: URL
  ) throws(ConfigError) -> Recipe? {
    let key = TrainingConfig.schema.key(of: \.$recipe)
    guard let layers = [own, common].first(where: { $0.keys.contains(key) }), layers.sets(key)
    else { return nil }
    do {
      return try Recipe.named(layers.text(of: \.$recipe) ?? "", in: folder)
    } catch .invalidValue(_, _, _, let allowed) {
      throw layers.refusal(key, allowed: allowed)
    }
  }

  /// The name of the subject; nil if none is set.
  package var subject: String? { all.text(of: \.$subject) }

  /// Whether the user has set the length of the run, in steps or epochs.
  package var setsLength: Bool { own.setsLength }

  /// Whether the seed is negative, which means any seed.
  package var drawsSeed: Bool { all.drawsSeed(\.$seed) }

  /// Whether one of the sample seeds is negative.
  package var drawsSampleSeeds: Bool { all.drawsSeed(\.$sampleSeeds) }

  /// Reads the values. Throws `ConfigError`.
  ///
  /// - Parameters:
  ///   - run: The configuration of the run to resume. Its length counts if the user has set none, and
  ///     its seeds in place of negative ones.
  ///   - needsSubject: Whether a configuration without a subject is an error.
  package func load(
    resuming run: TrainingConfig? = nil, needsSubject: Bool = true
  ) throws(ConfigError) -> LoadedConfig {
    var layers = common
    if let run, !setsLength { layers.setLength(run.steps) }
    layers.add(own)
    if let run {
      layers.replaceSeeds(\.$seed, by: [run.seed])
      layers.replaceSeeds(\.$sampleSeeds, by: run.sampleSeeds)
    }
    let drawnSeed = layers.drawSeed(\.$seed)
    let drawnSampleSeeds = layers.drawSeeds(\.$sampleSeeds)
    let config = try layers.resolve(
      unchecked: needsSubject ? [] : [TrainingConfig.schema.key(of: \.$subject)])
    return LoadedConfig(
      config: config, keys: own.keys, setsLength: setsLength, files: files, drawnSeed: drawnSeed,
      drawnSampleSeeds: drawnSampleSeeds)
  }

  private var all: OptionLayers<TrainingConfig> {
    var all = common
    all.add(own)
    return all
  }
}

/// A configuration, and where its values come from.
package struct LoadedConfig {
  package private(set) var config: TrainingConfig
  /// The keys that the command line, the subject's file or the given file sets.
  package let keys: Set<String>
  /// Whether the user has set the length of the run.
  package let setsLength: Bool
  /// The files that were read, and those that look like configurations and were not.
  package let files: ConfigFiles
  /// The seed that was drawn at random, because a negative one was set; nil for a given seed.
  package private(set) var drawnSeed: UInt64?
  /// The sample seeds that were drawn at random.
  package let drawnSampleSeeds: [UInt64]

  /// Whether this is the training of a finished run with more steps, as far as the user has set its
  /// options. The seed does not count.
  package func extends(_ run: TrainingConfig) -> Bool {
    let schema = TrainingConfig.schema
    let free = [schema.key(of: \.$steps), schema.key(of: \.$seed)]
    let isLonger =
      config.epochs.map { $0 > run.epochs ?? .max } ?? (config.steps > run.steps)
    return setsLength && isLonger
      && config.differencesForbiddenOnResume(from: run).allSatisfy {
        free.contains($0.key) || !keys.contains($0.key)
      }
  }

  /// The same with the seed of a run in place of the drawn one.
  package func withSeed(of run: TrainingConfig) -> LoadedConfig {
    var same = self
    same.config.seed = run.seed
    same.drawnSeed = nil
    return same
  }
}

extension OptionLayers<TrainingConfig> {
  /// Whether a source sets the length of the run.
  fileprivate var setsLength: Bool {
    let schema = TrainingConfig.schema
    return sets(schema.key(of: \.$steps)) || sets(schema.key(of: \.$epochs))
  }

  /// Removes the options of a recipe that belong to an optimizer or to layers for which others are chosen:
  /// rates are those of an optimizer, and patterns those of the layers of `targets`.
  fileprivate mutating func removeWhatBelongsToOthers(_ own: Self, over common: Self) {
    let schema = TrainingConfig.schema
    func optimizer(_ layers: [Self]) -> String {
      layers.lazy.compactMap { $0.text(of: \.optimization.$optimizer) }.first
        ?? OptimizerKind.standard.rawValue
    }
    if optimizer([own, self, common]) != optimizer([self]) {
      remove(schema.key(of: \.optimization.$learningRate))
      remove(schema.key(of: \.optimization.$learningRateSchedule))
    }
    func targets(_ layers: [Self]) -> LayerTargets {
      layers.lazy.compactMap { $0.value(of: \.adaptation.$targets) }.first
        ?? AdapterOptions().targets
    }
    let choosesOthers = targets([own, self, common]) != targets([self, common])
    if choosesOthers || own.sets(schema.key(of: \.$initLora)) {
      remove(schema.key(of: \.adaptation.$excludeTargets))
      remove(schema.key(of: \.adaptation.$layerRanks))
      remove(schema.key(of: \.optimization.$layerRates))
    }
  }

  /// Makes steps and epochs replace each other, so that the layer above overrides the one below. Throws
  /// `ConfigError` for a layer that sets both.
  fileprivate mutating func settleLength() throws(ConfigError) {
    let schema = TrainingConfig.schema
    let (steps, epochs) = (schema.key(of: \.$steps), schema.key(of: \.$epochs))
    switch (sets(steps), sets(epochs)) {
    case (true, true):
      throw refusal(epochs, allowed: "left out, since `steps` is set too; choose one of both")
    case (true, false): setNull(epochs)
    default: break
    }
  }

  /// Sets the number of steps, in place of epochs.
  fileprivate mutating func setLength(_ steps: Int) {
    let schema = TrainingConfig.schema
    set(schema.key(of: \.$steps), to: steps)
    setNull(schema.key(of: \.$epochs))
  }
}
