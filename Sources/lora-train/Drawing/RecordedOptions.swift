import DreamBooth
import Foundation

/// The options that drew a picture, put before those that are given, so that the latter win.
enum RecordedOptions {
  /// What `generate --from FILE` means; other arguments stay as they are. Throws `ImageError`,
  /// `PictureRecordError`.
  static func expanding(_ arguments: [String]) throws -> [String] {
    let given = GivenOptions(arguments)
    guard arguments.first == "generate", !given.contains("--help", "-h", "--prompts"),
      let file = given.value(of: "--from")
    else { return arguments }
    let recorded: [String]
    switch try RecordedPicture(contentsOf: URL(filePath: file)) {
    case .record(let record): recorded = record.options(besides: given)
    case .infotext(let infotext):
      let (options, notes) = infotext.options(besides: given)
      recorded = options
      for note in notes { Console.say("Note: \(file) \(note)") }
    }
    return [arguments[0]] + recorded + arguments.dropFirst()
  }
}

extension PictureRecord {
  /// The options that draw this picture, but for those that others make meaningless.
  fileprivate func options(besides given: GivenOptions) -> [String] {
    var options = GivenOptions.arguments("prompt", prompt)
    options += [
      "--seed=\(seed)", "--steps=\(steps)", "--guidance=\(guidance)",
      "--guidance-rescale=\(guidanceRescale)", "--width=\(width)", "--height=\(height)",
      "--precision=\(precision)", "--device=\(device)", "--vae-tiling=\(vaeTiling)",
    ]
    func add(_ name: String, _ value: String?) {
      if let value { options += GivenOptions.arguments(name, value) }
    }
    add("negative", negative)
    add("scheduler", sampler)
    if longPrompts { options.append("--long-prompts") }
    if promptWeights { options.append("--prompt-weights") }
    if !given.contains("--model", "--run") { add("model", model.path) }
    if !given.contains("--model") { add("vae", vae?.path) }
    if !given.contains("--lora", "--run") {
      for adapter in adapters { add("lora", "\(adapter.path):\(adapter.scale)") }
      if !adapters.isEmpty {
        options.append(mergedAdapters ? "--merge-adapters" : "--no-merge-adapters")
      }
    }
    if let refiner {
      add("refiner", refiner.model.path)
      if !given.contains("--split", "--refiner-strength") {
        add("split", refiner.split.map { "\($0)" })
        add("refiner-strength", refiner.strength.map { "\($0)" })
      }
      add("aesthetic-score", "\(refiner.aestheticScore)")
      add("negative-aesthetic-score", "\(refiner.negativeAestheticScore)")
    }
    if let image {
      add("image", image.picture.path)
      add("strength", "\(image.strength)")
    }
    return options + sizeOptions
  }

  /// Sizes that are not the picture's own, so that another --width changes them too.
  private var sizeOptions: [String] {
    func options(_ sizes: Sizes, _ standard: Sizes, _ prefix: String) -> [String] {
      var options: [String] = []
      if sizes.original != standard.original {
        options.append("--\(prefix)original-size=\(sizes.original[0])x\(sizes.original[1])")
      }
      if sizes.crop != standard.crop {
        options.append("--\(prefix)crop=\(sizes.crop[0]),\(sizes.crop[1])")
      }
      if sizes.target != standard.target {
        options.append("--\(prefix)target-size=\(sizes.target[0])x\(sizes.target[1])")
      }
      return options
    }
    let own = Sizes(original: [width, height], crop: [0, 0], target: [width, height])
    guard let negativeSizes else { return options(sizes, own, "") }
    // Said in full, since that something was said matters to a refiner.
    let none = Sizes(original: [], crop: [], target: [])
    return options(sizes, own, "") + options(negativeSizes, none, "negative-")
  }
}
