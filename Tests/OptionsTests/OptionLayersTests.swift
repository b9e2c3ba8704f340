import Foundation
import Options
import TestSupport
import Testing

@Suite("Options from files and by hand")
struct OptionLayersTests {
  private let directory: TemporaryDirectory
  private var folder: URL { directory.url }

  init() throws { directory = try TemporaryDirectory() }

  private func file(_ yaml: String, _ name: String = "own.yaml") throws -> URL {
    let url = folder.appending(path: name)
    try yaml.write(to: url, atomically: true, encoding: .utf8)
    return url
  }

  private func resolve(
    _ files: String..., by hand: (inout OptionOverrides<Settings>) -> Void = { _ in }
  ) throws -> Settings {
    var layers = OptionLayers<Settings>()
    for (index, yaml) in files.enumerated() {
      try layers.add(fileAt: file(yaml, "\(index).yaml"))
    }
    var overrides = OptionOverrides<Settings>()
    hand(&overrides)
    layers.add(overrides)
    return try layers.resolve()
  }

  private func sentence(
    _ yaml: String, by hand: (inout OptionOverrides<Settings>) -> Void = { _ in }
  ) -> String {
    do {
      return "no error, but \(try resolve(yaml, by: hand))"
    } catch let error as ConfigError {
      return error.description.replacing(folder.path + "/", with: "")
    } catch {
      return "\(error)"
    }
  }

  @Test("an option set by hand overrides the last file, that the first, and that the defaults")
  func precedence() throws {
    let settings = try resolve("steps: 1\nseed: 1\nflip: true", "steps: 2\nseed: 2\nmode: exact") {
      $0.set(\.$steps, to: 3)
    }
    #expect((settings.steps, settings.seed, settings.flip) == (3, 2, true))
    #expect((settings.mode, settings.adamBeta1) == (.exact, 0.9))
  }

  @Test("followers take their leader's value until they are set, and again when they are null")
  func followers() throws {
    let following = try resolve("steps: 7")
    #expect((following.scale, following.sampleEvery) == (7, 7))
    let set = try resolve("steps: 7\nscale: 2", "sample_every: 0")
    #expect((set.scale, set.sampleEvery) == (2, 0))
    #expect(try resolve("steps: 7\nscale: 2", "scale: null").scale == 7)
    #expect(try resolve("") == Settings())
  }

  @Test("layers over a table change only the options that are set")
  func overridden() throws {
    var base = Settings()
    base.steps = 7
    base.minSNRGamma = nil
    var layers = OptionLayers(over: base)
    var overrides = OptionOverrides<Settings>()
    overrides.set(\.$flip, to: true)
    layers.add(overrides)
    var expected = base
    expected.flip = true
    #expect(try layers.resolve() == expected)
  }

  @Test("every kind of value set by hand is read as in a file; nil and empty values are not set")
  func hand() throws {
    let settings = try resolve("seed: 3\nprompts: [x]") {
      $0.set(key: "min_snr_gamma", to: "null")
      $0.set(key: "size", to: "4")
      $0.set(key: "adam_beta1", to: "1e-1")
      $0.set(key: "mode", to: "both")
      $0.set(\.$seed, to: UInt64?.none)
      $0.set(\.$prompts, toList: [String]())
    }
    #expect((settings.minSNRGamma, settings.batchSize) == (nil, 4))
    #expect((settings.adamBeta1, settings.mode) == (0.1, .both))
    #expect((settings.seed, settings.prompts) == (3, ["x"]))
    #expect(try resolve { $0.set(\.$name, to: "null") }.name == "null")
    #expect(
      try resolve { $0.set(\.$prompts, toList: ["a: b # c", "null", "1:30"]) }.prompts
        == ["a: b # c", "null", "1:30"])
  }

  @Test("a key of an earlier version is read; both at once are refused")
  func formerKeys() throws {
    #expect(try resolve("batch: 4").batchSize == 4)
    #expect(
      sentence("batch: 4\nbatch_size: 6")
        == "0.yaml line 2: not valid YAML (batch_size is set more than once); every option is a "
        + "line \"option: value\".")
  }

  @Test("an error names file, line and key, or the key in backticks")
  func errors() {
    #expect(
      sentence("\nstesp: 3")
        == "0.yaml line 2: there is no option \"stesp\"; did you mean \"steps\"?")
    #expect(
      sentence("steps: many") == "0.yaml line 1: steps is \"many\", but must be a whole number.")
    #expect(
      sentence("mode: slow") == "0.yaml line 1: mode is \"slow\", but must be fast, exact or both.")
    #expect(
      sentence("") { $0.set(\.$steps, to: 0) }
        == "`steps` is 0, but must be a whole number from 1 to 1000.")
    #expect(
      sentence("") { $0.set(\.$warmUpSteps, to: 101) }
        == "`warm_up_steps` is 101, but must be at most 100; `steps: 0` is not possible.")
    #expect(
      sentence("warm_up_steps: 101")
        == "0.yaml line 1: warm_up_steps is 101, but must be at most 100; steps: 0 is not possible."
    )
  }

  @Test("mentions of options in backticks are replaced, and other text stays")
  func mentions() {
    let text = "`steps` or `flip: false`, not `x: 1` nor `A b`, and a single ` is nothing"
    let replaced = text.replacingOptions { key, value in
      Settings.schema.option(key).map { option in "--\(option.key)" + (value.map { "=\($0)" } ?? "")
      }
    }
    #expect(replaced == "--steps or --flip=false, not `x: 1` nor `A b`, and a single ` is nothing")
    #expect("`steps` and `flip: false`".withPlainOptions == "steps and flip: false")
  }

  @Test("the file with every option reads back as the same table, and followers still follow")
  func yaml() throws {
    var settings = Settings()
    settings.steps = 50
    settings.scale = 3
    settings.sampleEvery = 50
    settings.name = "a: \"b\"\n#\r\n\t\\\u{1}\u{85}"
    settings.prompts = ["true", "on a hill, at noon", "cat"]
    settings.minSNRGamma = nil
    settings.adamBeta1 = 1e-8
    let yaml = settings.yaml(introduction: "First.\nSecond.")
    let read = try resolve(yaml)
    #expect(read == settings)
    #expect(try resolve(yaml) { $0.set(\.$steps, to: 60) }.sampleEvery == 60)
    #expect(
      Settings().yaml(introduction: "First.\nSecond.") == """
        # First. Second.

        # The run
        name: x             # Name of the run.
        steps: 100          # Optimizer steps.
        warm_up_steps: 0    # Steps of the warm-up.
        seed: 42            # Seed of every random draw.

        # The loss
        min_snr_gamma: 5.0  # Gamma of min-SNR weighting. null: every step weighs the same.
        adam_beta1: 0.9     # Decay of the average.
        mode: fast          # How to compute. Values: fast, exact or both.
        flip: false         # Whether to mirror.
        batch_size: null    # Images in a pass. null: all.
        scale: null         # Scale of the result. null: the value of steps.

        # Output
        prompts: []         # What to draw. empty: the name.
        sample_every: null  # Steps between samples. null: the value of steps.

        """)
  }
}
