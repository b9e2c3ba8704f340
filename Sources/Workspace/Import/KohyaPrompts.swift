import Foundation
import Training

/// The prompts of a sample file of sd-scripts: one a line. Settings follow the text, each with two
/// dashes and a letter: `d` is the seed, `s` the number of steps, `l` the guidance scale.
struct KohyaPrompts {
  private let setting: ForeignSetting
  private let lines: [String]?

  /// Reads the file if it is a text file on this machine.
  init(_ setting: ForeignSetting) throws(ImportError) {
    self.setting = setting
    let url = URL(filePath: setting.value.text)
    guard url.pathExtension == "txt", FileManager.default.fileExists(atPath: url.path) else {
      lines = nil
      return
    }
    lines = try readText(url).split(whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty && !$0.hasPrefix("#") }
  }

  /// Sets the sample options.
  func apply(to draft: inout ImportDraft) {
    guard let lines else {
      return draft.note(
        setting, .noCounterpart,
        "not a .txt file on this machine; write its prompts into sample_prompts")
    }
    let prompts = lines.map { $0.components(separatedBy: " --") }
    draft.set(\.$samplePrompts, to: prompts.map { $0[0].trimmingCharacters(in: .whitespaces) })
    var values: [String: [String]] = [:]
    for part in prompts.flatMap({ $0.dropFirst() }) {
      let words = part.split(separator: " ", maxSplits: 1).map(String.init)
      guard let key = words.first else { continue }
      values[key, default: []].append(words.count > 1 ? words[1] : "")
    }
    let seeds = Set(values.removeValue(forKey: "d")?.compactMap { UInt64($0) } ?? [])
    if !seeds.isEmpty { draft.set(\.$sampleSeeds, to: seeds.sorted()) }
    if let steps = values.removeValue(forKey: "s")?.compactMap({ Int($0) }).first {
      draft.set(\.$sampleSteps, to: steps)
    }
    if let guidance = values.removeValue(forKey: "l")?.compactMap({ Double($0) }).first {
      draft.set(\.$sampleGuidance, to: guidance)
    }
    let rest = values.map { "\($0.key) \($0.value.joined(separator: ", "))" }.sorted()
    if !rest.isEmpty {
      draft.note(
        setting, .noCounterpart,
        "samples have the training resolution and no negative prompt (\(rest.joined(separator: "; ")))"
      )
    }
    draft.note(
      setting, .approximated, "every prompt is drawn with every seed, and with the same settings")
  }
}
