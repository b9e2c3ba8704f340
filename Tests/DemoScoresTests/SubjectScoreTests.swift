import DemoScores
import Testing

@Suite("Counting findings")
struct SubjectScoreTests {
  private func finding(_ isPresent: Bool, on background: PaletteColor) -> PictureFinding {
    PictureFinding(
      isPresent: isPresent, templateDistance: 1, layoutViolations: [],
      background: background.rawValue)
  }

  @Test("pictures, subjects and backgrounds are counted one by one")
  func counts() {
    let score = SubjectScore(
      [finding(true, on: .red), finding(false, on: .red), finding(true, on: .black)],
      asked: [.red, .black, .black])
    #expect(score.pictures == 3)
    #expect(score.recognised == 2)
    #expect(score.backgroundAsAsked == 2)
  }

  @Test("the line that the demonstration ends with")
  func line() {
    let base = SubjectScore([finding(false, on: .red)], asked: [.red])
    let score = SubjectScore([finding(true, on: .pink)], asked: [.red])
    #expect(
      score.line(base: base)
        == "subject recognised in 1 of 1 pictures; base 0 of 1; background right in 0 of 1")
    #expect(
      SubjectScore([finding(true, on: .red)]).line() == "subject recognised in 1 of 1 pictures")
  }

  @Test("prompts name the subject on backgrounds that its captions do not name")
  func prompts() {
    #expect(
      SubjectAppearance.dhoni.prompt(on: .orange)
        == "a photo of dhoni character on an orange background")
    for subject in SubjectAppearance.all {
      let training: [PaletteColor] = [.green, .white, .gray, .blue]
      #expect(Set(subject.testBackgrounds).isDisjoint(with: training))
      #expect(subject.testBackgrounds.count >= 6)
    }
  }
}
