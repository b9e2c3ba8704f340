import Drawing
import StableDiffusion
import Testing

/// The parameter text that other programs read and write.
@Suite struct InfotextTests {
  @Test("A text of A1111 is read, with quoted values and with or without a negative prompt")
  func parsing() throws {
    let text = try #require(
      Infotext(
        parsing: """
          a photo: dog, cat
          second line
          Negative prompt: blurry,
          low "quality"
          Steps: 20, Sampler: DPM++ 2M SDE, Schedule type: Karras, CFG scale: 7.5, Seed: 4294967295, \
          Size: 832x1216, Lora hashes: "a: 0123, b: 4567", Note: "a \\"no\\", twice: \\\\", Eta: 0.5
          """))
    #expect(text.prompt == "a photo: dog, cat\nsecond line")
    #expect(text.negative == "blurry,\nlow \"quality\"")
    #expect(text.fields.count == 9)
    #expect(text["Lora hashes"] == "a: 0123, b: 4567")
    #expect(text["Note"] == "a \"no\", twice: \\")
    #expect(text["Eta"] == "0.5")
    let short = try #require(Infotext(parsing: "a\nSteps: 2, Sampler: Euler a, Seed: 1"))
    #expect(short.prompt == "a" && short.negative == nil)
    #expect(try #require(Infotext(parsing: "Steps: 2, Sampler: Euler, Seed: 1")).prompt.isEmpty)
    #expect(Infotext(parsing: "a photo: a dog, cat") == nil)
    #expect(Infotext(parsing: "") == nil)
  }

  @Test("A written text is read back")
  func roundTrip() throws {
    let written = Infotext(
      prompt: "a \"dog\", running\nfast", negative: "",
      fields: [
        .init("Steps", "3"), .init("Model", "a, b: \"c\\\"\nd"), .init("VAE", "\"plain\""),
        .init("Seed", "18446744073709551615"),
      ])
    let read = try #require(Infotext(parsing: written.text))
    #expect(read.prompt == written.prompt && read.negative == written.negative)
    #expect(read["Model"] == written["Model"])
    #expect(read["Seed"] == written["Seed"])
  }

  @Test(
    "Samplers have A1111's names, and are found by these names", arguments: SchedulerName.allCases)
  func samplers(_ name: SchedulerName) throws {
    let title = SamplerTitle(SchedulerConfiguration().replacingClass(with: name))
    #expect(title.sampler == name)
    #expect(title.isScheduleKnown)
    if name == .dpm2MSDEKarras {
      #expect(title == SamplerTitle(name: "DPM++ 2M SDE", scheduleType: "Karras"))
      #expect(SamplerTitle(name: "DPM++ 2M SDE Karras", scheduleType: nil).sampler == name)
    }
  }
}
