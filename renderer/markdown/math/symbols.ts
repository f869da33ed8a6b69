/** What TeX's commands stand for, as far as models use them. Characters from Unicode; each list is `name character ...`. */
const table = (pairs: string): ReadonlyMap<string, string> => {
  const parts = pairs.trim().split(/\s+/);
  const found = new Map<string, string>();
  for (let at = 0; at + 1 < parts.length; at += 2) found.set(parts[at] ?? '', parts[at + 1] ?? '');
  return found;
};

/** Letters that slant as variables do. */
export const slanted = table(`
  alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ lambda λ mu μ
  nu ν xi ξ omicron ο pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς tau τ upsilon υ phi ϕ varphi φ chi χ psi ψ
  omega ω partial ∂ ell ℓ imath ı jmath ȷ
`);

/** Letters and signs that stand upright. */
export const upright = table(`
  Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω
  infty ∞ emptyset ∅ varnothing ∅ hbar ℏ hslash ℏ Re ℜ Im ℑ wp ℘ aleph ℵ beth ℶ nabla ∇ angle ∠ triangle △ degree °
  top ⊤ bot ⊥ prime ′ square □ Box □ blacksquare ■ checkmark ✓ dag † ddag ‡ S § P ¶ copyright © pounds £ euro €
  clubsuit ♣ diamondsuit ♢ heartsuit ♡ spadesuit ♠ sharp ♯ flat ♭ natural ♮ complement ∁ eth ð mho ℧ star ⋆ bigstar ★
`);

/** Operators, relations and arrows; MathML knows the space around each. */
export const operators = table(`
  times × div ÷ cdot ⋅ ast ∗ pm ± mp ∓ circ ∘ bullet ∙ oplus ⊕ ominus ⊖ otimes ⊗ oslash ⊘ odot ⊙ dagger † ddagger ‡
  cap ∩ cup ∪ uplus ⊎ sqcap ⊓ sqcup ⊔ setminus ∖ smallsetminus ∖ wedge ∧ land ∧ vee ∨ lor ∨ neg ¬ lnot ¬ wr ≀ diamond ⋄
  amalg ⨿ ltimes ⋉ rtimes ⋊ bowtie ⋈
  le ≤ leq ≤ leqslant ⩽ ge ≥ geq ≥ geqslant ⩾ ll ≪ gg ≫ ne ≠ neq ≠ equiv ≡ sim ∼ simeq ≃ approx ≈ cong ≅ propto ∝
  doteq ≐ asymp ≍ prec ≺ preceq ⪯ succ ≻ succeq ⪰ lesssim ≲ gtrsim ≳ triangleq ≜ coloneqq ≔ lt < gt >
  in ∈ ni ∋ notin ∉ subset ⊂ subseteq ⊆ subsetneq ⊊ supset ⊃ supseteq ⊇ supsetneq ⊋ sqsubseteq ⊑ sqsupseteq ⊒ nsubseteq ⊈
  parallel ∥ nparallel ∦ perp ⟂ mid ∣ nmid ∤ vdash ⊢ dashv ⊣ models ⊨ vDash ⊨ forall ∀ exists ∃ nexists ∄
  therefore ∴ because ∵ colon : vert | lvert | rvert | Vert ‖ lVert ‖ rVert ‖ backslash \\
  to → rightarrow → longrightarrow ⟶ leftarrow ← gets ← longleftarrow ⟵ leftrightarrow ↔ longleftrightarrow ⟷
  Rightarrow ⇒ implies ⟹ Longrightarrow ⟹ Leftarrow ⇐ impliedby ⟸ Longleftarrow ⟸ Leftrightarrow ⇔ iff ⟺
  Longleftrightarrow ⟺ mapsto ↦ longmapsto ⟼ uparrow ↑ downarrow ↓ updownarrow ↕ Uparrow ⇑ Downarrow ⇓ nearrow ↗
  searrow ↘ swarrow ↙ nwarrow ↖ hookrightarrow ↪ hookleftarrow ↩ rightharpoonup ⇀ rightharpoondown ⇁ leftharpoonup ↼
  rightleftharpoons ⇌ leadsto ⇝ rightsquigarrow ⇝ nrightarrow ↛ nRightarrow ⇏
  ldots … dots … dotsc … dotso … cdots ⋯ dotsb ⋯ dotsm ⋯ vdots ⋮ ddots ⋱
`);

/** Signs that grow in a formula of its own, with their bounds under and over them (integrals: beside them). */
export const large = table(`
  sum ∑ prod ∏ coprod ∐ bigcup ⋃ bigcap ⋂ bigsqcup ⨆ bigvee ⋁ bigwedge ⋀ bigoplus ⨁ bigotimes ⨂ bigodot ⨀ biguplus ⨄
`);
export const integrals = table('int ∫ iint ∬ iiint ∭ oint ∮ oiint ∯');

/** Names written upright; those in `withBounds` take their bounds underneath. */
export const names: ReadonlySet<string> = new Set(
  (
    'sin cos tan cot sec csc sinh cosh tanh coth arcsin arccos arctan log ln lg exp det dim ker hom deg arg gcd Pr ' +
    'lim limsup liminf max min sup inf argmax argmin'
  ).split(' '),
);
export const withBounds: ReadonlySet<string> = new Set(
  'lim limsup liminf max min sup inf det gcd Pr argmax argmin'.split(' '),
);

/** Marks over a letter or a group; the wide ones stretch. */
export const marks = table(`
  hat ^ widehat ^ check ˇ tilde ~ widetilde ~ acute ´ grave \` dot ˙ ddot ¨ dddot ⃛ breve ˘ bar ¯ vec → mathring ˚
  overline ‾ overrightarrow → overleftarrow ← overleftrightarrow ↔ overbrace ⏞
`);
export const marksUnder = table('underline _ underbrace ⏟');
export const wideMarks: ReadonlySet<string> = new Set(
  'widehat widetilde overline overrightarrow overleftarrow overleftrightarrow overbrace underline underbrace'.split(
    ' ',
  ),
);

/** Brackets after \\left, \\right, \\middle and \\big; a dot is none. */
export const brackets = table(`
  ( ( ) ) [ [ ] ] \\{ { \\} } | | \\| ‖ / / \\backslash \\ < ⟨ > ⟩ \\lbrace { \\rbrace } \\lbrack [ \\rbrack ]
  \\langle ⟨ \\rangle ⟩ \\lfloor ⌊ \\rfloor ⌋ \\lceil ⌈ \\rceil ⌉ \\vert | \\lvert | \\rvert | \\Vert ‖ \\lVert ‖ \\rVert ‖
  \\uparrow ↑ \\downarrow ↓ \\updownarrow ↕
`);

/** Spaces in em. */
export const spaces: ReadonlyMap<string, number> = new Map([
  [',', 0.1667],
  ['thinspace', 0.1667],
  [':', 0.2222],
  ['>', 0.2222],
  ['medspace', 0.2222],
  [';', 0.2778],
  ['thickspace', 0.2778],
  ['!', -0.1667],
  ['negthinspace', -0.1667],
  ['enspace', 0.5],
  ['quad', 1],
  ['qquad', 2],
]);
