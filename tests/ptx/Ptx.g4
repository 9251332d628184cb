// The part of PTX that LLVM's NVPTX back end writes (PTX ISA 7.8), and what hand-written tests use beside it.
// Opcodes, types and modifiers are not words of the grammar: the decoder knows which go together.
grammar Ptx;

module
    : directive* EOF
    ;

directive
    : '.version' FLOAT
    | '.target' ID (',' ID)*
    | '.address_size' INT
    | '.file' INT STRING (',' INT)*
    | '.section' DIRECTIVE body
    | '.pragma' STRING ';'
    | variable
    | function
    ;

variable
    : linkage? space alignment? type declarator (',' declarator)* ';'
    ;

declarator
    : ID extent* ('=' initializer)?
    ;

extent
    : '[' INT? ']'
    ;

initializer
    : '{' (initializer (',' initializer)*)? '}'
    | number
    | symbol
    | 'generic' '(' symbol ')'
    ;

symbol
    : ID ('+' INT)?
    ;

linkage
    : '.visible' | '.extern' | '.weak' | '.common'
    ;

space
    : '.global' | '.shared' | '.local' | '.const' | '.param'
    ;

alignment
    : '.align' INT
    ;

type
    : DIRECTIVE
    ;

function
    : linkage? '.entry' ID parameters? performance* body
    | linkage? '.func' result=parameters? ID parameters? performance* (body | ';')
    ;

parameters
    : '(' (parameter (',' parameter)*)? ')'
    ;

parameter
    : ('.param' | '.reg') alignment? type pointer? ID extent*
    ;

pointer
    : '.ptr' space? alignment?
    ;

performance
    : DIRECTIVE (INT (',' INT)*)?
    | '.pragma' STRING ';'
    ;

body
    : '{' statement* '}'
    ;

statement
    : '.reg' type register (',' register)* ';'
    | variable
    | ID ':' '.branchtargets' ID (',' ID)* ';'
    | ID ':'
    | '.loc' INT INT INT (',' ID operandTail*)*
    | '.pragma' STRING ';'
    | body
    | instruction
    ;

operandTail
    : ID | INT | '+'
    ;

register
    : ID ('<' INT '>')?
    ;

instruction
    : guard? opcode (operand (',' operand)*)? ';'
    ;

guard
    : '@' '!'? ID
    ;

opcode
    : ID modifier*
    ;

modifier
    : DIRECTIVE | space
    ;

operand
    : '!'? ID DIRECTIVE?                      # name
    | ID '|' ID                               # pair
    | ID '+' INT                              # sum
    | number                                  # immediate
    | '{' (operand (',' operand)*)? '}'       # vector
    | '[' operand (offset | ',' operand)? ']' # address
    | '(' (ID (',' ID)*)? ')'                 # list
    ;

offset
    : '+'? '-'? INT
    ;

number
    : '-'? (INT | FLOAT) | HEXFLOAT
    ;

HEXFLOAT : '0' [fFdD] [0-9a-fA-F]+ ;
INT : ('0' [xX] [0-9a-fA-F]+ | [0-9]+) 'U'? ;
FLOAT : [0-9]+ '.' [0-9]* ([eE] [+-]? [0-9]+)? ;
ID : [A-Za-z] [A-Za-z0-9_$]* | [_$%] [A-Za-z0-9_$]* ;
DIRECTIVE : '.' [A-Za-z_] [A-Za-z0-9_]* ('::' [A-Za-z0-9_]+)* ;
STRING : '"' (~["\\\r\n] | '\\' ~[\r\n])* '"' ;
COMMENT : ('//' ~[\r\n]* | '/*' .*? '*/') -> skip ;
SPACE : [ \t\r\n]+ -> skip ;
