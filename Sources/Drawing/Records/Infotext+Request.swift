import Foundation
import StableDiffusion

extension Infotext {
  private static let understood = [
    "Steps", "Sampler", "Schedule type", "CFG scale", "Seed", "Size", "Version", "RNG",
    "Lora hashes", "Model hash",
  ]

  /// The request closest to the parameters of another program, and notes on the differences. Each note
  /// is the rest of a sentence that begins with the file name.
  ///
  /// - Parameter flags: further options. What they set needs no note.
  package func request(
    besides flags: DrawingRequest
  ) -> (request: DrawingRequest, notes: [String]) {
    var request = DrawingRequest()
    // Our own sample grids and comparisons have neither field. Their prompts have no weights.
    let isOwn = self["Model hash"] == nil && self["Version"] == nil
    if !isOwn {
      request.set(\.$longPrompts, to: true)
      request.set(\.$promptWeights, to: true)
    }
    var left: [String] = []
    /// Sets an option from a field, or notes the field.
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
      if field.key == "TI hashes" && flags.gives(\.$embeddings) { continue }
      left.append("\(field.key): \(field.value)")
    }
    if !flags.gives(\.$loras) { left += tags }
    var notes: [String] = []
    if !left.isEmpty {
      notes.append(
        "has parameters that are not used: \(left.joined(separator: ", ")); choose models and "
          + "adapters with `model` and `lora`.")
    }
    if !isOwn, self["RNG"] != "CPU" {
      notes.append("was drawn from noise of a GPU; the same seed gives another picture here.")
    }
    return (request, notes)
  }

  /// A prompt without tags such as `<lora:name:0.8>`, and the tags.
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
