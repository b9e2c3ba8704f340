import Foundation
import Options
import Training

/// A configuration that is being made of another program's settings.
struct ImportDraft {
  /// The values of the options that are set, and the defaults of the others.
  private(set) var config = TrainingConfig()
  /// The comments of the options that are set; nil: without one.
  private var comments: [String: String?] = [:]
  /// What became of settings that are not simply options here.
  private(set) var notes: [ImportNote] = []
  /// Whether the seed is drawn at random in each run.
  private(set) var drawsSeed = false
  /// What `subject.yaml` in the dataset folder must contain.
  var subjectLines: [String] = []

  /// Sets an option.
  mutating func set<Value>(
    _ path: WritableKeyPath<TrainingConfig, TrainingConfig.Option<Value>>, to value: Value,
    comment: String? = nil
  ) {
    config[keyPath: path].wrappedValue = value
    comments[TrainingConfig.schema.key(of: path)] = .some(comment)
  }

  /// Sets the seed to a negative one, which means a random one.
  mutating func setRandomSeed() {
    set(\.$seed, to: config.seed)
    drawsSeed = true
  }

  /// Whether an option is set.
  func isSet<Value>(_ path: KeyPath<TrainingConfig, TrainingConfig.Option<Value>>) -> Bool {
    comments[TrainingConfig.schema.key(of: path)] != nil
  }

  /// Reports what became of a setting.
  mutating func note(_ setting: ForeignSetting, _ fate: ImportNote.Fate, _ reason: String) {
    notes.append(
      ImportNote(fate: fate, setting: setting.text, place: setting.place, reason: reason))
  }

  /// Reports a consequence of what the other program does without a setting.
  mutating func note(_ setting: String, _ fate: ImportNote.Fate, _ reason: String) {
    notes.append(ImportNote(fate: fate, setting: setting, place: nil, reason: reason))
  }

  /// Reports the settings that are left, by the table of a program.
  mutating func note(_ rest: [ForeignSetting], by fates: ForeignFates) {
    for setting in rest {
      if let reason = fates.notNeeded[setting.name] {
        note(setting, .notNeeded, reason)
      } else if let reason = fates.noCounterpart[setting.name] {
        let isOff = setting.value.isOff
        note(setting, isOff ? .notNeeded : .noCounterpart, isOff ? "it is switched off" : reason)
      } else if fates.translated.contains(setting.name) {
        note(setting, .unknown, "\(fates.program) does not read it in this place")
      } else {
        let nearest = nearestName(to: setting.name, in: fates.names)
        note(
          setting, .unknown,
          nearest.map { "\(fates.program) has no such setting; did you mean \($0)?" }
            ?? "\(fates.program) has no such setting")
      }
    }
  }

  /// Removes the options whose values are not allowed here, and reports them. Then `--config` takes
  /// what is left.
  mutating func removeRefused() {
    while let refusal = refusal() {
      comments[refusal.key] = nil
      note(
        "\(refusal.key) = \(refusal.found)", .noCounterpart,
        "here it must be \(refusal.allowed.withPlainOptions)")
      let kept = Set(comments.keys)
      config = TrainingConfig().taking(kept, from: config)
    }
  }

  private func refusal() -> (key: String, found: String, allowed: String)? {
    var layers = OptionLayers<TrainingConfig>()
    do {
      let file = try ConfigFile(
        yaml: lines.map { "\($0)\n" }.joined(), name: "",
        keys: TrainingConfig.schema.options.map(\.key))
      layers.add(file.values) { _ in .builtIn }
      _ = layers.drawSeed(\.$seed)
      let subject = TrainingConfig.schema.key(of: \.$subject)
      _ = try layers.resolve(unchecked: isSet(\.$subject) ? [] : [subject])
      return nil
    } catch ConfigError.invalidValue(let key, _, let found, let allowed) {
      return (key, found, allowed)
    } catch {
      preconditionFailure("the configuration is not YAML: \(error)")
    }
  }

  /// The options that are set as lines of YAML, in the order of the table.
  var lines: [String] {
    var values = config.yamlValues
    if drawsSeed { values[TrainingConfig.schema.key(of: \.$seed)] = "-1" }
    return TrainingConfig.schema.options.flatMap { option -> [String] in
      guard let comment = comments[option.key] else { return [] }
      let line = "\(option.key): \(values[option.key] ?? "null")"
      return [comment.map { "\(line)  # \($0)" } ?? line]
    }
  }
}
