import DemoScores
import Images
import Testing

@Suite("The palette's words")
struct PaletteColorTests {
  @Test("every colour, also slightly changed, gets its own word", arguments: PaletteColor.allCases)
  func nearest(color: PaletteColor) {
    func off(_ part: UInt8, _ change: Int) -> UInt8 { UInt8(min(255, max(0, Int(part) + change))) }
    let shifted = RGBColor(
      red: off(color.color.red, 10), green: off(color.color.green, -10),
      blue: off(color.color.blue, 10))
    #expect(PaletteColor.nearest(to: color.color) == color)
    #expect(PaletteColor.nearest(to: shifted) == color)
  }
}
