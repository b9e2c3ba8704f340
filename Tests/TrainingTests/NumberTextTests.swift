import Files
import Testing

@Suite("Numbers as text")
struct NumberTextTests {
  @Test("a point before the fraction, and commas only where thousands are grouped")
  func text() {
    #expect(0.0412.fixed(4) == "0.0412" && 1234.5.fixed(2) == "1234.50" && 0.25.fixed(0) == "0")
    #expect(7.5.short == "7.5" && 5.0.short == "5" && 0.05.short == "0.05")
    #expect((-1.25).short == "-1.25" && 12345.0.short == "12345")
    #expect(
      [0, 12, 999, 1000, 23_224_320, -1000].map(\.grouped)
        == ["0", "12", "999", "1,000", "23,224,320", "-1,000"])
    #expect(Duration.seconds(3723).clock == "1:02:03")
  }
}
