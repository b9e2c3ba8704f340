import Foundation
import Options
import Testing

@Suite("A table of options")
struct OptionTableTests {
  @Test("keys are the properties' names in snake_case, in the order of declaration")
  func keys() {
    #expect(
      Settings.schema.options.map(\.key) == [
        "name", "steps", "warm_up_steps", "seed", "min_snr_gamma", "adam_beta1", "mode", "flip",
        "batch_size", "scale", "prompts", "sample_every",
      ])
    #expect(Settings.schema.key(of: \.$minSNRGamma) == "min_snr_gamma")
    #expect(Settings.schema.key(of: \.$sampleEvery) == "sample_every")
    #expect(Settings.schema.sections.map(\.title) == ["The run", "The loss", "Output"])
  }

  @Test("a declaration is data")
  func entries() throws {
    let batch = try #require(Settings.schema.option("size"))
    #expect(batch.key == "batch_size")
    #expect(batch.help == "Images in a pass.")
    #expect((batch.kind, batch.isNullable, batch.defaultText) == (.integer, true, "null"))
    #expect(batch.allowed == "a multiple of 2 from 2 to 8")
    #expect(batch.unset == "all")
    #expect(batch.section == .loss)
    let mode = try #require(Settings.schema.option("mode"))
    #expect(mode.kind == .choice(["fast", "exact", "both"]))
    #expect(Mode.allowed == "fast, exact or both")
    let scale = try #require(Settings.schema.option("scale"))
    #expect((scale.follows, scale.defaultText) == ("steps", "100"))
    #expect(Settings.schema.options.filter(\.isFixed).map(\.key) == ["seed"])
    #expect(Settings.schema.option("stesp") == nil)
  }

  @Test("tables are values: setting an option does not change copies")
  func values() {
    let first = Settings()
    var second = first
    second.steps = 7
    second.prompts.append("a dog")
    #expect((first.steps, second.steps) == (100, 7))
    #expect(first.prompts.isEmpty)
    #expect(first == Settings())
    #expect(first != second)
  }

  @Test("a record has every option, sorted, nil as null, and reads back as the same table")
  func record() throws {
    var settings = Settings()
    settings.minSNRGamma = nil
    settings.adamBeta1 = 0.1 + 0.2
    settings.prompts = ["a \"dog\"", "犬"]
    let json = try settings.recordJSON()
    #expect(json.hasPrefix("{\"adam_beta1\":0.30000000000000004,\"batch_size\":null,"))
    #expect(try decode(json) == settings)
  }

  @Test("a record of an earlier version: missing keys have the default, old keys are read")
  func earlierRecord() throws {
    #expect(try decode("{}") == Settings())
    #expect(try decode("{\"batch\": 4}").batchSize == 4)
    #expect(try decode("{\"size\": 4, \"batch_size\": 6}").batchSize == 6)
    #expect(try decode("{\"steps\": 7}").sampleEvery == 100)
    #expect(throws: DecodingError.self) { try decode("{\"steps\": \"many\"}") }
  }

  private func decode(_ json: String) throws -> Settings {
    try JSONDecoder().decode(Settings.self, from: Data(json.utf8))
  }

  @Test("values are checked in the order of declaration, against what their declarations allow")
  func validation() throws {
    func problem(_ change: (inout Settings) -> Void) -> String? {
      var settings = Settings()
      change(&settings)
      do {
        try settings.validate()
        return nil
      } catch {
        return error.description
      }
    }
    #expect(problem { _ in } == nil)
    #expect(problem { $0.name = "" } == "name is \"\", but must be a name.")
    #expect(problem { $0.steps = 0 } == "steps is 0, but must be a whole number from 1 to 1000.")
    #expect(
      problem {
        $0.steps = 3
        $0.warmUpSteps = 4
      } == "warm_up_steps is 4, but must be at most 3; steps: 0 is not possible.")
    #expect(
      problem { $0.minSNRGamma = .nan }
        == "min_snr_gamma is nan, but must be a number above 0, or null to switch it off.")
    #expect(problem { $0.minSNRGamma = nil } == nil)
    #expect(
      problem { $0.adamBeta1 = 1 } == "adam_beta1 is 1.0, but must be at least 0 and below 1.")
    #expect(
      problem { $0.batchSize = 3 } == "batch_size is 3, but must be a multiple of 2 from 2 to 8.")
    #expect(
      problem {
        $0.scale = 0
        $0.steps = -1
      }?.hasPrefix("steps is -1") == true)
  }

  @Test("differences name the option, the old and the new value; a resume allows some of them")
  func differences() {
    let old = Settings()
    var new = old
    #expect(new.differences(from: old) == [])
    new.prompts = ["a dog", "a cat"]
    new.minSNRGamma = nil
    new.steps = 200
    new.seed = 7
    #expect(
      new.differences(from: old).map(\.description) == [
        "steps: 100 -> 200", "seed: 42 -> 7", "min_snr_gamma: 5 -> null",
        "prompts: [] -> [a dog, a cat]",
      ])
    #expect(
      new.differencesForbiddenOnResume(from: old).map(\.key) == ["seed", "min_snr_gamma"])
    new.mode = .exact
    #expect(
      new.differencesForbiddenOnResume(from: old).map(\.key)
        == ["steps", "seed", "min_snr_gamma", "mode"])
  }
}
