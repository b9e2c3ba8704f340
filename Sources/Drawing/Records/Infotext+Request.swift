import Foundation
import StableDiffusion

extension Infotext {
  private static let understood = [
    "Steps", "Sampler", "Schedule type", "CFG scale", "Seed", "Size", "Version", "RNG",
    "Lora hashes", "Model hash",
  ]

  /// The request that comes nearest to what another program has drawn, and what is different: sentences
  /// that follow the file's name.
  ///
  /// - Parameter flags: what is given besides, which is not missed here.
  package func request(
    besides flags: DrawingRequest
  ) -> (request: DrawingRequest, notes: [String]) {
    var request = DrawingRequest()
    // Sample grids and comparisons of ours have fewer fields, and read prompts as they are.
    let isOwn = self["Model hash"] == nil && self["Version"] == nil
    if !isOwn {
      request.set(\.$longPrompts, to: true)
      request.set(\.$promptWeights, to: true)
    }
    var left: [String] = []
    /// Gives an option what a field has, or notes the field.
    func take<Value>(
      _ key: String, _ option: WritableKeyPath<DrawingOptions, DrawingOptions.Option<Value>>,
      _ convert: (String) -> Value?
    ) {
      guard let value = self[key] else { return }
      guard let converted = convert(value) else { return left.append("\(key): \(value)") }
      request.set(option, to: converted)
    }
    let (prompt, tags) = Self.withoutTags(prompt)
    request.set(\.$prompt, to: prompt)
    if let negative { request.set(\.$negative, to: negative) }
    take("Steps", \.$steps) { Int($0) }
    take("CFG scale", \.$guidance) { Double($0) }
    take("Seed", \.$seed) { UInt64($0) }
    let title = SamplerTitle(name: self["Sampler"] ?? "", scheduleType: self["Schedule type"])
    take("Sampler", \.$scheduler) { _ in title.sampler.map { .some($0) } }
    if let type = title.scheduleType, !title.isScheduleKnown {
      left.append("Schedule type: \(type)")
    }
    if let text = self["Size"] {
      if let size = ImageSize(text) {
        request.set(\.$width, to: size.width)
        request.set(\.$height, to: size.height)
      } else {
        left.append("Size: \(text)")
      }
    }
    for field in fields where !Self.understood.contains(field.key) {
      if field.key == "Model" && flags.gives(\.$model) { continue }
      left.append("\(field.key): \(field.value)")
    }
    if !flags.gives(\.$loras) { left += tags }
    var notes: [String] = []
    if !left.isEmpty {
      notes.append(
        "says more than was understood; left out: \(left.joined(separator: ", ")). Models and "
          + "adapters are chosen with `model` and `lora`.")
    }
    if !isOwn, self["RNG"] != "CPU" {
      notes.append("comes from noise that a GPU has drawn; the seed gives another picture here.")
    }
    return (request, notes)
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
