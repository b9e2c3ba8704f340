import DreamBooth
import Foundation
import StableDiffusion

extension Infotext {
  private static let understood = [
    "Steps", "Sampler", "Schedule type", "CFG scale", "Seed", "Size", "Version", "RNG",
    "Lora hashes", "Model hash",
  ]

  /// The options that come nearest to what another program has drawn, and what is different, to be
  /// said after the file's name.
  func options(besides given: GivenOptions) -> (options: [String], notes: [String]) {
    // Training's grids and comparisons say less than other programs do, and read prompts as they are.
    let isOwn = self["Model hash"] == nil && self["Version"] == nil
    var options = isOwn ? [] : ["--long-prompts", "--prompt-weights"]
    var left: [String] = []
    func take(_ key: String, _ option: String, _ convert: (String) -> String?) {
      guard let value = self[key] else { return }
      guard let converted = convert(value) else { return left.append("\(key): \(value)") }
      options.append("--\(option)=\(converted)")
    }
    let (prompt, tags) = Self.withoutTags(prompt)
    options += GivenOptions.arguments("prompt", prompt)
    if let negative { options += GivenOptions.arguments("negative", negative) }
    take("Steps", "steps") { Int($0).map { "\($0)" } }
    take("CFG scale", "guidance") { Double($0).map { "\($0)" } }
    take("Seed", "seed") { UInt64($0).map { "\($0)" } }
    let title = SamplerTitle(name: self["Sampler"] ?? "", scheduleType: self["Schedule type"])
    take("Sampler", "scheduler") { _ in title.sampler?.rawValue }
    if let type = title.scheduleType, !title.isScheduleKnown {
      left.append("Schedule type: \(type)")
    }
    if let size = self["Size"] {
      let sides = size.split(separator: "x").compactMap { Int($0) }
      if sides.count == 2 {
        options += ["--width=\(sides[0])", "--height=\(sides[1])"]
      } else {
        left.append("Size: \(size)")
      }
    }
    for field in fields where !Self.understood.contains(field.key) {
      if field.key == "Model" && given.contains("--model", "--run") { continue }
      left.append("\(field.key): \(field.value)")
    }
    if !given.contains("--lora", "--run") { left += tags }
    var notes: [String] = []
    if !left.isEmpty {
      notes.append(
        "says more than was understood; left out: \(left.joined(separator: ", ")). Models and "
          + "adapters are chosen with --model and --lora.")
    }
    if !isOwn, self["RNG"] != "CPU" {
      notes.append("comes from noise that a GPU has drawn; the seed gives another picture here.")
    }
    return (options, notes)
  }

  /// A prompt without tags as `<lora:name:0.8>`, and the tags.
  private static func withoutTags(_ prompt: String) -> (prompt: String, tags: [String]) {
    var rest = prompt
    var tags: [String] = []
    while let start = rest.range(of: "<lora:"),
      let end = rest[start.upperBound...].firstIndex(of: ">")
    {
      tags.append(String(rest[start.lowerBound...end]))
      rest.removeSubrange(start.lowerBound...end)
    }
    return (tags.isEmpty ? rest : rest.trimmingCharacters(in: .whitespaces), tags)
  }
}
